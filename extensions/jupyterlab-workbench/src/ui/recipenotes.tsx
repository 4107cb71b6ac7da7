import type { IOutput, IRecipePage } from '../documents';
import type { IWorkbench } from '../tokens';

const DOI = 'doi:';

/** What a recipe leaves, how that looks, and where it comes from. */
export function RecipeNotes(props: {
  recipe: IRecipePage;
  workbench: IWorkbench;
}): JSX.Element {
  const { id, outputs, references, picture: caption } = props.recipe;
  return (
    <>
      {caption && (
        <figure className="jp-Workbench-picture">
          <img src={props.workbench.catalogue.pictureUrl(id)} alt={caption} />
          <figcaption aria-hidden="true">{caption}</figcaption>
        </figure>
      )}
      <details className="jp-Workbench-notes">
        <summary>What comes out ({outputs.length})</summary>
        <ul>
          {outputs.map(output => (
            <li key={output.name}>
              <OutputLine output={output} />
              {output.columns && output.columns.length > 0 && (
                <ul>
                  {output.columns.map(column => (
                    <li key={column.name}>
                      <OutputLine output={column} />
                    </li>
                  ))}
                </ul>
              )}
            </li>
          ))}
        </ul>
      </details>
      {references.length > 0 && (
        <details className="jp-Workbench-notes">
          <summary>References ({references.length})</summary>
          <ul>
            {references.map(reference => (
              <li key={reference}>
                <Reference text={reference} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function OutputLine(props: { output: IOutput }): JSX.Element {
  const { name, unit, long_name: told } = props.output;
  return (
    <>
      <code>{name}</code>
      {unit && unit !== '1' && ` (${unit})`}
      {told && told !== name && `: ${told}`}
    </>
  );
}

function Reference(props: { text: string }): JSX.Element {
  const { text } = props;
  const href = text.startsWith(DOI)
    ? `https://doi.org/${text.slice(DOI.length)}`
    : text;
  return /^https?:/.test(href) ? (
    <a href={href} target="_blank" rel="noreferrer">
      {text}
    </a>
  ) : (
    <>{text}</>
  );
}

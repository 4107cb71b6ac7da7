import type { IRunPage } from '../documents';
import { count, place, size } from '../words';

/** With which values a run was started. */
export function ParametersTab(props: { run: IRunPage }): JSX.Element {
  return (
    <table className="jp-Workbench-table">
      <thead>
        <tr>
          <th scope="col">Parameter</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(props.run.parameters).map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{shown(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function shown(value: unknown): string {
  if (value === null) {
    return 'none';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** With what a run was computed: inputs, code, packages, place. */
export function ProvenanceTab(props: {
  run: IRunPage;
  openRun: (id: string) => void;
}): JSX.Element {
  const { run } = props;
  const { provenance: told } = run;
  const facts: [string, string][] = [
    ['Run', run.run_id],
    ['Folder', run.folder],
    ['Result', run.result ?? 'not complete'],
    ['Recipe', `${run.recipe} ${run.version} (${told.pack})`],
    ['Code', told.code_hash],
    ['Submitted', run.created],
    ['Ended', run.ended ?? 'not yet'],
    ['Clusters', run.clusters.map(place).join(', ')],
    ['Submitted on', told.host],
    ['Python', told.python],
    ['Seed', String(told.seed)]
  ];
  return (
    <>
      <Facts facts={facts} />
      {told.like && (
        <p>
          Began with the values of{' '}
          <button
            type="button"
            className="jp-Workbench-link"
            onClick={() => props.openRun(told.like ?? '')}
          >
            {told.like}
          </button>
        </p>
      )}
      <h2>Input files</h2>
      <table className="jp-Workbench-table">
        <thead>
          <tr>
            <th scope="col">Parameter</th>
            <th scope="col">Path</th>
            <th scope="col" className="jp-mod-number">
              Size
            </th>
            <th scope="col">SHA-256</th>
            <th scope="col">Copied into the run</th>
          </tr>
        </thead>
        <tbody>
          {run.input_files.map(file => (
            <tr key={file.name}>
              <th scope="row">{file.name}</th>
              <td>{file.path}</td>
              <td className="jp-mod-number">{size(file.bytes)}</td>
              <td>
                <code>{file.sha256 ?? 'read at its first use'}</code>
              </td>
              <td>{file.copied ? 'yes' : 'no'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {run.audit && (
        <>
          <h2>Audit</h2>
          <pre className="jp-Workbench-json">
            {JSON.stringify(run.audit, undefined, 2)}
          </pre>
        </>
      )}
      <h2>Packages ({count(Object.keys(told.packages).length)})</h2>
      <Facts facts={Object.entries(told.packages).sort()} />
    </>
  );
}

function Facts(props: { facts: [string, string][] }): JSX.Element {
  return (
    <table className="jp-Workbench-table">
      <tbody>
        {props.facts.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

import { clusterWords, isLiving, LOCAL, whereWords } from '../clusterwords';
import type { ICluster } from '../documents';
import type { ClustersModel } from '../models/clusters';
import { place } from '../words';
import { useModel } from './hooks';

/** Where a run shall be computed: this computer, a cluster, several at once. */
export function RunOn(props: {
  model: ClustersModel;
  chosen: string[];
  onChange: (chosen: string[]) => void;
  launch: () => void;
}): JSX.Element {
  const { model, chosen, onChange } = props;
  useModel(model);
  const known = new Map((model.clusters ?? []).map(one => [one.name, one]));
  const living = [...known.values()].filter(
    one => isLiving(one) && one.name !== LOCAL
  );
  // What was chosen stays in sight when it has ended: it would be started again.
  const gone = chosen.filter(
    name => name !== LOCAL && !living.some(one => one.name === name)
  );
  const toggle = (name: string) => {
    const found = chosen.includes(name)
      ? chosen.filter(one => one !== name)
      : [...chosen, name];
    onChange(found);
  };
  return (
    <fieldset className="jp-Workbench-group jp-Workbench-runon">
      <legend>Run on</legend>
      <Choice name={LOCAL} chosen={chosen} toggle={toggle} told="" />
      {living.map(one => (
        <Choice
          key={one.name}
          name={one.name}
          chosen={chosen}
          toggle={toggle}
          told={told(one)}
        />
      ))}
      {gone.map(name => (
        <Choice
          key={name}
          name={name}
          chosen={chosen}
          toggle={toggle}
          told="has ended; the run starts it again"
        />
      ))}
      {chosen.length === 0 && <p role="alert">Choose at least one.</p>}
      {chosen.length > 1 && (
        <p className="jp-mod-more">
          Each takes as much as it can; the result is the same.
        </p>
      )}
      <button
        type="button"
        className="jp-Workbench-link"
        onClick={props.launch}
      >
        Launch a cluster …
      </button>
    </fieldset>
  );
}

function told(cluster: ICluster): string {
  return `${whereWords(cluster)}. ${clusterWords(cluster)}`;
}

function Choice(props: {
  name: string;
  chosen: string[];
  toggle: (name: string) => void;
  told: string;
}): JSX.Element {
  const { name, chosen, toggle } = props;
  const id = `workbench-runon-${name}`;
  return (
    <div className="jp-Workbench-choice">
      <input
        id={id}
        type="checkbox"
        checked={chosen.includes(name)}
        aria-describedby={props.told ? `${id}__help` : undefined}
        onChange={() => toggle(name)}
      />
      <span>
        <label htmlFor={id}>{place(name)}</label>
        {props.told && (
          <span id={`${id}__help`} className="jp-mod-more">
            {props.told}
          </span>
        )}
      </span>
    </div>
  );
}

import type { IBlock, ILayout, ISpot } from '../cardmap/layout';
import type { ICards } from '../models/cards';
import { count } from '../words';

/** What is at a place of the map: node, card, state. */
export function words(spot: ISpot, cards: ICards, laid: ILayout): string {
  const block = laid.blocks[spot.block];
  const node = block.nodes[spot.node];
  if (spot.card === null) {
    return `${node.name}: ${summary(statesOf(block, spot.node, cards), cards)}`;
  }
  const state = cards.meanings[cards.states[node.start + spot.card]];
  return `${node.name}: card ${spot.card + 1} of ${block.perNode} (${block.kind}), ${state}`;
}

/** How many cards are in each state. */
export function counted(states: Uint8Array): number[] {
  const found = [0, 0, 0, 0];
  for (const state of states) {
    found[state] += 1;
  }
  return found;
}

/** The cards of the chosen node, or what there is in all, as a table. */
export function CardTable(props: {
  cards: ICards;
  laid: ILayout;
  chosen: ISpot | null;
}): JSX.Element {
  const { cards, laid, chosen } = props;
  return (
    <div className="jp-Workbench-cardmap-table" tabIndex={0}>
      <p role="status" aria-live="polite">
        {chosen
          ? words({ ...chosen, card: null }, cards, laid)
          : 'Choose a node on the map to see its cards.'}
      </p>
      {chosen ? (
        <NodeTable
          cards={cards}
          block={laid.blocks[chosen.block]}
          chosen={chosen}
        />
      ) : (
        <Totals cards={cards} laid={laid} />
      )}
    </div>
  );
}

function NodeTable(props: {
  cards: ICards;
  block: IBlock;
  chosen: ISpot;
}): JSX.Element {
  const { cards, block, chosen } = props;
  return (
    <table>
      <caption>
        {block.nodes[chosen.node].name}, {block.partition}, {block.kind}
      </caption>
      <thead>
        <tr>
          <th scope="col">Card</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        {[...statesOf(block, chosen.node, cards)].map((state, card) => (
          <tr key={card} aria-current={card === chosen.card || undefined}>
            <th scope="row">{card + 1}</th>
            <td>{cards.meanings[state]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Totals(props: { cards: ICards; laid: ILayout }): JSX.Element {
  const { cards, laid } = props;
  return (
    <table className="jp-mod-numbers">
      <caption>All partitions</caption>
      <thead>
        <tr>
          <th scope="col">Cards</th>
          {cards.meanings.map(meaning => (
            <th scope="col" key={meaning}>
              {meaning}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {laid.blocks.map(block => (
          <tr key={`${block.partition} ${block.kind} ${block.perNode}`}>
            <th scope="row">
              {block.partition} {block.kind}
            </th>
            {totals(block, cards).map((number, state) => (
              <td key={state}>{count(number)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function statesOf(block: IBlock, node: number, cards: ICards): Uint8Array {
  const { start } = block.nodes[node];
  return cards.states.subarray(start, start + block.perNode);
}

function totals(block: IBlock, cards: ICards): number[] {
  const found = [0, 0, 0, 0];
  for (const node of block.nodes.keys()) {
    counted(statesOf(block, node, cards)).forEach((number, state) => {
      found[state] += number;
    });
  }
  return found;
}

/** "8 cards: 3 free, 5 in use by others". */
function summary(states: Uint8Array, cards: ICards): string {
  const parts = counted(states)
    .map((number, state) =>
      number ? `${number} ${cards.meanings[state]}` : ''
    )
    .filter(Boolean);
  return `${states.length} card${states.length === 1 ? '' : 's'}: ${parts.join(', ')}`;
}

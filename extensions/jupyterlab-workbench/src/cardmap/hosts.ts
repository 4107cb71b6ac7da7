/**
 * The names that a folded list such as `dcu[0001-2800,2805],gpu7` stands for.
 */
export function unfolded(list: string): string[] {
  return parts(list).flatMap(part => {
    const open = part.indexOf('[');
    const close = part.indexOf(']', open);
    if (open < 0 || close < 0) {
      return [part];
    }
    const [before, after] = [part.slice(0, open), part.slice(close + 1)];
    return part
      .slice(open + 1, close)
      .split(',')
      .flatMap(range => numbers(range))
      .flatMap(number => unfolded(before + number + after));
  });
}

/** Parts between commas that stand outside brackets. */
function parts(list: string): string[] {
  return list.match(/[^,[]*(\[[^\]]*\][^,[]*)*/g)?.filter(Boolean) ?? [];
}

/** `0008-0010` is 0008, 0009, 0010: as many digits as it is written with. */
function numbers(range: string): string[] {
  const [first, last = first] = range.split('-');
  const found: string[] = [];
  for (let number = Number(first); number <= Number(last); number++) {
    found.push(String(number).padStart(first.length, '0'));
  }
  return found;
}

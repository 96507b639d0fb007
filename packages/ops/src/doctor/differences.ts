/** Where two JSON values differ, in words: `a.b is 3 instead of 5`. Pure. */
export function differences(found: unknown, wanted: unknown, at = ''): readonly string[] {
  if (isList(found) && isList(wanted)) return ofLists(found, wanted, at);
  if (isObject(found) && isObject(wanted)) {
    const keys = new Set([...Object.keys(wanted), ...Object.keys(found)]);
    return [...keys].flatMap((key) => differences(found[key], wanted[key], at === '' ? key : `${at}.${key}`));
  }
  return found === wanted ? [] : [`${at} is ${shown(found)} instead of ${shown(wanted)}`];
}

/** Of names only which are too few and which too many is told, since their places say nothing. */
function ofLists(found: readonly unknown[], wanted: readonly unknown[], at: string): readonly string[] {
  if ([...found, ...wanted].every((each) => typeof each === 'string')) {
    const lacking = wanted.filter((each) => !found.includes(each));
    const more = found.filter((each) => !wanted.includes(each));
    const beyond = found.length > wanted.length && lacking.length + more.length === 0;
    return [
      ...(lacking.length === 0 ? [] : [`${at} lacks ${some(lacking)}`]),
      ...(more.length === 0 ? [] : [`${at} has ${some(more)} too many`]),
      ...(beyond ? [`${at} names something twice`] : []),
    ];
  }
  const longer = Math.max(found.length, wanted.length);
  return Array.from({ length: longer }, (_, index) =>
    differences(found[index], wanted[index], `${at}.${index}`),
  ).flat();
}

const MOST = 3;

/** The first few of them; the rest is a number. */
export function some(texts: readonly unknown[], between = ', '): string {
  const more = texts.length - MOST;
  return [...texts.slice(0, MOST), ...(more > 0 ? [`${more} more`] : [])].join(between);
}

const LONGEST = 100;

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (value === undefined || value === null || text === '') return 'nothing';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

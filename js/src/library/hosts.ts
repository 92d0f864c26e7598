/** Which hosts a picker shows. */

/** `hosts` that fit what was typed, recent ones first; what was typed itself, where it is no host of the list. */
export function choices(
  typed: string,
  hosts: readonly string[],
  recents: readonly string[]
): string[] {
  const wanted = typed.trim();
  const ordered = [...new Set([...recents, ...hosts])];
  const fitting = ordered.filter(host => host.toLowerCase().includes(wanted.toLowerCase()));
  return wanted === '' || ordered.includes(wanted) ? fitting : [...fitting, wanted];
}

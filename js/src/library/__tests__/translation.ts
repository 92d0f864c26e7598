import type { TranslationBundle } from '@jupyterlab/translation';

/** English, with the numbers put in. */
export const trans = {
  __: fill,
  _n: (one: string, many: string, count: number, ...values: unknown[]) =>
    fill(count === 1 ? one : many, ...values)
} as unknown as TranslationBundle;

function fill(text: string, ...values: unknown[]): string {
  return text.replace(/%(\d)/g, (_, number: string) => String(values[Number(number) - 1]));
}

/** What is asked of all files: every text can be translated, every command that a schema names is there. */

import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';

const ROOT = join(__dirname, '../../..');
const sources = ['src/plugins', 'src/library'].flatMap(folder =>
  readdirSync(join(ROOT, folder))
    .filter(name => /\.tsx?$/.test(name))
    .map(name => [name, readFileSync(join(ROOT, folder, name), 'utf8')] as const)
);
const commands = [
  ...readFileSync(join(ROOT, 'src/tokens.ts'), 'utf8').matchAll(/'(teleport:[a-z-]+)'/g)
].map(found => found[1]);

describe('texts', () => {
  it.each(sources)('of %s go through the translator', (_, text) => {
    const given = text.match(
      /\b(?:label|caption|title|body|aria-label|placeholder)['"]?[:,=]\s*['"`]\w[^'"`]* /g
    );
    expect(given).toBeNull();
    const told = text.match(/Notification\.\w+\(\s*['"`]/g);
    expect(told).toBeNull();
  });
});

describe('commands', () => {
  it.each(readdirSync(join(ROOT, 'schema')))('of %s are ours', name => {
    const schema = readFileSync(join(ROOT, 'schema', name), 'utf8');
    for (const [, command] of schema.matchAll(/"command": "(teleport:[a-z-]+)"/g)) {
      expect(commands).toContain(command);
    }
  });

  it('are in the palette', () => {
    const plugins = sources.map(([, text]) => text).join('\n');
    expect(commands).toHaveLength(8);
    expect(plugins.match(/palette\?\.addItem/g)?.length).toBeGreaterThanOrEqual(5);
  });
});

/** What `npm run schema:diff` lets pass, in a repository made for it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeFolder } from '../support/folder.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const DIFF = join(ROOT, 'schema/diff.mjs');
const hasGit = spawnSync('git', ['--version']).status === 0;

const BEFORE = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query { message(id: ID!): Message }
  type Message @key(fields: "id") { id: ID! text: String tag: String }
`;

// Without git there is no base revision to compare with.
(hasGit ? describe : describe.skip)('npm run schema:diff', () => {
  let folder: string;

  beforeEach(() => {
    folder = makeFolder();
    mkdirSync(join(folder, 'schema'));
    writeFileSync(join(folder, 'schema/schema.graphql'), BEFORE);
    writeFileSync(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n\n### Changed\n\n- Nothing.\n');
    const git = (...args: string[]): void => {
      execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: folder });
    };
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--message', 'before');
  });
  afterEach(() => {
    removeFolder(folder);
  });

  const diff = (schema: string, changelog?: string): { status: number | null; told: string } => {
    writeFileSync(join(folder, 'schema/schema.graphql'), schema);
    if (changelog !== undefined) writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
    const { status, stdout } = spawnSync(process.execPath, [DIFF, 'HEAD'], { cwd: folder, encoding: 'utf8' });
    return { status, told: stdout };
  };

  it('lets additions pass', () => {
    const { status, told } = diff(BEFORE.replace('tag: String', 'tag: String time: String'));
    expect([status, told]).toEqual([0, expect.stringContaining('Message.time') as string]);
  });

  it('lets pass what is new and hidden from the first day', () => {
    const hidden = 'secret: Hidden @inaccessible } type Hidden @inaccessible { id: ID! }';
    expect(diff(BEFORE.replace('tag: String }', `tag: String ${hidden}`)).status).toBe(0);
  });

  it('fails for what CHANGELOG names under Added only', () => {
    const changelog = '## [Unreleased]\n\n### Added\n\n- `Message.tag` is gone.\n\n### Changed\n\n- Nothing.\n';
    expect(diff(BEFORE.replace('tag: String', ''), changelog).status).toBe(1);
  });

  it.each([
    ['a field that is gone', ['tag: String', ''], 'Message.tag'],
    ['a type that changed', ['text: String', 'text: Int'], 'Message.text'],
    ['an entity that is no longer one', ['@key(fields: "id")', ''], 'Message'],
    ['a field that the supergraph hides', ['tag: String', 'tag: String @inaccessible'], 'Message.tag'],
  ] as const)('fails for %s, unless CHANGELOG names it under Changed', (_name, [was, is], coordinate) => {
    const { status, told } = diff(BEFORE.replace(was, is));
    expect(told).toContain('BREAKING');
    expect(status).toBe(1);
    const name = `- \`${coordinate}\` is another.\n`;
    expect(diff(BEFORE.replace(was, is), `## [Unreleased]\n\n### Changed\n\n${name}\n## [1.0.0]\n`).status).toBe(0);
    expect(diff(BEFORE.replace(was, is), `## [Unreleased]\n\n## [1.0.0]\n\n### Changed\n\n${name}`).status).toBe(1);
  });
});

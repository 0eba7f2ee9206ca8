/** What `--help` prints. */
import type { Command } from './shell.js';

/** Where the summaries begin, unless a synopsis is longer. */
const COLUMN = 12;

export function helpFor(commands: Readonly<Record<string, Command>>): string {
  const lines = Object.entries(commands).map(([name, { usage, summary }]) => {
    const synopsis = `${name} ${usage}`.trim();
    return synopsis.length <= COLUMN ? `  ${synopsis.padEnd(COLUMN)}  ${summary}\n` : `  ${synopsis}\n    ${summary}\n`;
  });
  return `Usage: catapult-graphql [COMMAND]

A GraphQL API over the Catapult (Bandwidth) messaging API: sends messages, and never twice.

Commands:
${lines.join('')}
  --help, --version

Everything is set by environment variables: docs/configuration.md lists them, and check-config shows what they come to.
Without any, the server listens on http://127.0.0.1:4000/graphql and uses a built-in sandbox: nothing reaches a telephone.
`;
}

/** The variables that docs/configuration.md documents. */
import { readFileSync } from 'node:fs';
import { codeSpans } from './markdown.js';

const CONFIGURATION = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

/** In the order of the page. */
export const DOCUMENTED = (CONFIGURATION.match(/^\| `[A-Z_]+`[^|]*\|/gm) ?? []).flatMap(codeSpans);

/** Whether somebody reads it: the server, itself or as the name of a file with its value, or Node. */
export const isVariable = (name: string): boolean =>
  DOCUMENTED.includes(name) || DOCUMENTED.includes(name.replace(/_FILE$/, '')) || name === 'NODE_ENV';

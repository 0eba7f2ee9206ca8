/** Characters that put a whole text into UCS-2, and others that say the same and do not. */
import { segmentsOf } from '../../messaging/segments.js';

/** What word processors and telephones write by themselves. Letters have no twins: another letter is another word. */
const TWINS: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      ['‘’‚‛′´`ʼ', "'"],
      ['“”„‟″', '"'],
      ['‐‑‒–—―−', '-'],
      ['‹', '<'],
      ['›', '>'],
      ['…', '...'],
      ['•‣·', '-'],
      ['×', 'x'],
      ['\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000', ' '],
      ['\u200b\u2060\ufeff\u00ad', ''],
      ['\ufb01', 'fi'],
      ['\ufb02', 'fl'],
    ] as const
  ).flatMap(([expensive, cheap]) => Array.from(expensive, (character) => [character, cheap])),
);

export interface Twin {
  readonly character: string;
  readonly twin: string;
  readonly count: number;
}

export interface Saving {
  readonly twins: readonly Twin[];
  /** The text with all of them in place. */
  readonly text: string;
  /** How many segments fewer that takes. Never negative: three full stops can need more than an ellipsis. */
  readonly segments: number;
}

/** What twins would save; null where there are none, or where they would save nothing. */
export function savingIn(text: string): Saving | null {
  const { forcing, segmentCount } = segmentsOf(text);
  const twins = forcing.flatMap((character) => {
    const twin = TWINS[character];
    return twin === undefined ? [] : { character, twin, count: text.split(character).length - 1 };
  });
  const replaced = twins.reduce((so, { character, twin }) => so.replaceAll(character, twin), text);
  const segments = segmentCount - segmentsOf(replaced).segmentCount;
  return twins.length === 0 || segments <= 0 ? null : { twins, text: replaced, segments };
}

export interface Piece {
  readonly text: string;
  /** `all`: it makes every character of the text cost more; `twice`: it counts as two. */
  readonly cost: 'all' | 'twice' | null;
}

const EXTENSION = /[\f^{}\\[\]~|€]/;

/** The text in pieces, so that those that cost more can be marked. */
export function piecesOf(text: string): Piece[] {
  const forcing = new Set(segmentsOf(text).forcing);
  const costOf = (character: string): Piece['cost'] =>
    forcing.has(character) ? 'all' : forcing.size === 0 && EXTENSION.test(character) ? 'twice' : null;
  const pieces: { text: string; cost: Piece['cost'] }[] = [];
  for (const character of text) {
    const cost = costOf(character);
    const last = pieces.at(-1);
    if (last?.cost === cost) last.text += character;
    else pieces.push({ text: character, cost });
  }
  return pieces;
}

const NAMES: Readonly<Record<string, string>> = { ' ': 'space', '\t': 'tab', '': 'nothing' };

/** A character as it can be shown: by its name, where it cannot be seen. */
export const visible = (character: string): string =>
  NAMES[character] ?? (/^[\s\u200b\u2060\ufeff\u00ad]+$/.test(character) ? 'special space' : character);

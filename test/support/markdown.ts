/** What tests read in the pages of this repository. */

/** A page without its blocks of code. */
const proseOf = (page: string): string => page.replace(/^ *```[^]*?^ *```$/gm, '');

/** The targets of a page's links that stay in this repository, such as `docs/errors.md#codes` or `#codes`. */
export const relativeLinks = (page: string): string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** What a page says as code within a line. */
export const codeSpans = (page: string): string[] =>
  [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

/** The names by which links reach a page's headings, made as GitHub makes them. */
export const anchors = (page: string): string[] =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );

export interface CodeBlock {
  /** As after the fence: `ts`. */
  readonly language: string;
  readonly text: string;
  /** The heading that it stands under. */
  readonly heading: string;
}

/** The blocks of code of a page, in their order. */
export function codeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let heading = '';
  for (const [, title, language = '', text = ''] of page.matchAll(/^#+ (.*)$|^```(\w*)\n([^]*?)^```$/gm)) {
    if (title === undefined) blocks.push({ language, text, heading });
    else heading = title;
  }
  return blocks;
}

/** The results as Markdown and as a plot, and where they go. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const OUT = join(ROOT, 'reports/bench');

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Writes the texts, by the endings of their names, to a folder; `intoDocs` also into docs/performance.md and its plot. */
export function publish({ name, texts, out, intoDocs }) {
  mkdirSync(out, { recursive: true });
  for (const [ending, text] of Object.entries(texts)) writeFileSync(join(out, `${name}.${ending}`), text);
  if (!intoDocs) return;
  const page = join(ROOT, 'docs/performance.md');
  const place = new RegExp(`(<!-- ${name} -->\\n)[^]*(\\n<!-- end of ${name} -->)`);
  const before = readFileSync(page, 'utf8');
  if (!place.test(before)) throw new Error(`docs/performance.md has no place for ${name}.`);
  const plot = texts.svg === undefined ? '' : '![CPU of the server for one message](performance.svg)\n\n';
  const after = before.replace(place, (_all, begin, end) => `${begin}\n${plot}${texts.md}${end}`);
  writeFileSync(page, after);
  if (texts.svg !== undefined) writeFileSync(join(ROOT, 'docs/performance.svg'), texts.svg);
}

const fixed = (digits) => (value) => (value === null ? '' : value.toFixed(digits));
const [whole, tenths, hundredths] = [0, 1, 2].map(fixed);

export function table(columns, rows) {
  const lines = [columns, columns.map((_each, index) => (index === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function atConcurrency(targets, connections) {
  const rows = targets.map(({ title, at }) => {
    const { cpuUs, toRaw, toMercuriusJit, databaseCpuUs, perSecond, p50Ms, p99Ms } = at.find(
      (each) => each.connections === connections,
    );
    const database = databaseCpuUs === 0 ? '' : whole(databaseCpuUs);
    const ratios = [hundredths(toRaw), hundredths(toMercuriusJit)];
    return [title, whole(cpuUs), ...ratios, database, whole(perSecond), hundredths(p50Ms), hundredths(p99Ms)];
  });
  const columns = ['', 'CPU µs', '÷ raw', '÷ Mercurius-JIT', "the database's CPU µs", 'a second', 'p50 ms', 'p99 ms'];
  return table(columns, rows);
}

function whatAProcessTakes(targets) {
  const rows = targets.map(({ title, listeningMs, firstAnswerMs, rssBeforeMb, rssAfterMb }) => [
    title,
    ...[listeningMs, firstAnswerMs, rssBeforeMb, rssAfterMb].map(whole),
  ]);
  return table(['', 'listens after ms', 'first answer after ms', 'MB after that', 'MB after the last round'], rows);
}

/** @param results as bench.mjs makes them. */
export function markdownOf({ machine, otherCores, rounds, seconds, targets }) {
  const others = `Other processes kept ${hundredths(otherCores)} cores busy meanwhile.`;
  const how = `Medians of ${rounds} rounds of ${tenths(seconds)} s each, on ${machine}. ${others}`;
  const byConcurrency = targets[0].at.map(({ connections }) => {
    const title = connections === 1 ? 'One connection' : `${connections} connections`;
    return `### ${title}\n\n${atConcurrency(targets, connections)}`;
  });
  return [how, ...byConcurrency, `### Start and memory\n\n${whatAProcessTakes(targets)}`]
    .join('\n\n')
    .replaceAll('\n\n\n', '\n\n');
}

const ROW_PX = 26;
const TOP_PX = 48;
const LABELS_PX = 330;
const BARS_PX = 420;
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Bars of CPU a message at the highest concurrency, as a multiple of the raw proxy's; what is this project's stands out. */
export function plotOf({ targets }) {
  const bars = targets.map(({ name, title, at }) => ({ name, title, ...at.at(-1) }));
  const valueOf = ({ toRaw, cpuUs }) => toRaw ?? cpuUs;
  const scale = BARS_PX / Math.max(...bars.map(valueOf));
  const rows = bars.map((bar, index) => {
    const y = TOP_PX + index * ROW_PX;
    const width = Math.max(1, valueOf(bar) * scale);
    const color = bar.title.startsWith('this') ? '#c2410c' : '#64748b';
    return [
      `<text x="${LABELS_PX - 8}" y="${y + 15}" text-anchor="end">${escaped(bar.title)}</text>`,
      `<rect x="${LABELS_PX}" y="${y + 3}" width="${tenths(width)}" height="${ROW_PX - 8}" rx="2" fill="${color}"/>`,
      `<text x="${tenths(LABELS_PX + width + 6)}" y="${y + 15}">${hundredths(valueOf(bar))}</text>`,
    ].join('');
  });
  const [width, height] = [LABELS_PX + BARS_PX + 70, TOP_PX + bars.length * ROW_PX + 12];
  const unit = bars[0].toRaw === null ? 'in µs' : 'raw proxy = 1';
  const title = `CPU of the server for one message, ${bars[0].connections} connections; ${unit}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#1e293b">
<title>${title}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="16" y="28" font-size="15" font-weight="600">${title}</text>
${rows.join('\n')}
</svg>
`;
}

/** What Catapult takes for a message, and what it says of anything else. */
import * as answers from './answers.js';
import type { Answer, FieldProblem, SandboxRequest } from './answers.js';

/** As the server's own rules have it, whose messages come here: nothing that is larger is remembered. */
const MAX_APPLICATION_ID_LENGTH = 255;
const MAX_MEDIA = 10;
export const MAX_URL_LENGTH = 4096;

const MEMBERS: readonly string[] = [
  'from',
  'to',
  'text',
  'applicationId',
  'media',
  'tag',
  'priority',
  'expiration',
] satisfies (keyof SandboxRequest)[];

export const E164 = /^\+[1-9]\d{1,14}$/;

/** The message, or the 400 that names what is wrong with it. Unknown members are ignored. */
export function validate(body: Buffer): SandboxRequest | Answer {
  const json = parseObject(body);
  return json === null ? answers.invalid([]) : validateMessage(json);
}

export function validateMessage(
  json: Readonly<Record<string, unknown>>,
  isTaken = (url: string): boolean => url.length <= MAX_URL_LENGTH,
): SandboxRequest | Answer {
  const {
    from,
    text = '',
    applicationId,
    media = [],
    tag = '',
    priority = 'default',
    expiration = '9999-01-01',
  } = json;
  const to: unknown = typeof json.to === 'string' ? [json.to] : json.to;
  const problems: FieldProblem[] = [];
  const report = (fieldName: string, description: string): void => void problems.push({ fieldName, description });
  const number = (fieldName: string, value: string): void => {
    if (!E164.test(value)) {
      report(fieldName, `'${value}' must be replaced with a valid E164 formatted telephone number`);
    }
  };

  if (!isStrings(to) || to.length === 0) report('to', "'to' must contain at least one telephone number");
  else for (const recipient of to) number('to', recipient);
  if (typeof from !== 'string' || from === '') report('from', "'from' must contain exactly one telephone number");
  else number('from', from);
  if (!isStrings(media))
    report('media', "'media' must be a list of URLs"); // Ours.
  else if (media.length > MAX_MEDIA)
    report('media', `'media' must have at most ${MAX_MEDIA} files`); // Ours.
  else if (!media.every(isTaken))
    report('media', `'media' must be URLs of at most ${MAX_URL_LENGTH} characters`); // Ours.
  else if (text === '' && media.length === 0) report('text', "'text' is required unless media is included");
  if (typeof text !== 'string' || text.length > 2048) report('text', "'text' must be 2048 characters or less"); // Ours.
  if (typeof applicationId !== 'string' || applicationId === '')
    report('applicationId', "'applicationId' is required"); // Ours.
  else if (applicationId.length > MAX_APPLICATION_ID_LENGTH)
    report('applicationId', `'applicationId' must be ${MAX_APPLICATION_ID_LENGTH} characters or less`); // Ours.
  if (isStrings(to) && to.length > 10) report('to', "'to' must contain at most 10 telephone numbers"); // Ours.
  if (typeof tag !== 'string' || tag.length > 1024) report('tag', "'tag' must be 1024 characters or less"); // Ours.
  if (!['default', 'high'].includes(priority as string)) report('priority', "'priority' must be default or high"); // Ours.
  if (typeof expiration !== 'string' || !(Date.parse(expiration) > Date.now()))
    report('expiration', "'expiration' must be a time in the future"); // Ours.

  if (problems.length > 0) return answers.invalid(problems);
  // What was absent stays absent in the answer, and what nobody knows is not kept.
  const known = Object.entries({ ...json, to }).filter(([name]) => MEMBERS.includes(name));
  return Object.fromEntries(known) as unknown as SandboxRequest;
}

/** The JSON object that a body is; null for anything else. */
export function parseObject(body: Buffer): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

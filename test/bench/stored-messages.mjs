/** Fills a store with messages of ten numbers in conversations of ten messages each, with a few tags. */
import { startProgress } from '../support/progress.mjs';

/** Messages of a caller who sends little beside one who sends much. */
const FEW = 100;
/** Writes under way at one time, which share their commits. */
const AT_ONCE = 1_000;

/** How many people each number writes to. */
const peopleOf = (count) => Math.max(1, Math.floor(count / 100));

/** The conversation of the message of number `index` among `count`. */
export function conversationOf(index, count) {
  const person = Math.floor(index / 10) % peopleOf(count);
  return { owner: `+1234567${index % 10}`, participants: [`+1345678${String(person).padStart(4, '0')}`] };
}

function messageOf(index, count) {
  const { owner, participants } = conversationOf(index, count);
  return {
    from: owner,
    to: participants,
    text: `Message number ${index}, of about the usual length of a message.`,
    applicationId: 'app-1',
    media: [],
    tag: `tag-${index % 20}`,
    priority: null,
    expiresAt: null,
  };
}

async function put(store, index, count) {
  const sendId = `send${String(index).padStart(10, '0')}`;
  const asked = messageOf(index, count);
  await store.claim({
    sendId,
    // The oldest are somebody else's, as many of them whatever the size.
    caller: index < FEW ? 'few' : 'many',
    idempotencyKey: null,
    fingerprint: 'f',
    requestId: 'r',
    message: asked,
    startedAtMs: index,
    leaseUntilMs: index,
  });
  const message = {
    ...asked,
    id: `id-${index}`,
    time: index,
    owner: asked.from,
    direction: 'OUT',
    segmentCount: 1,
    pairedMessageId: null,
    status: 'ACCEPTED',
    deliveries: [],
  };
  await store.record(sendId, { status: 'ACCEPTED', message }, index);
}

/** Stores `count` messages in a tenth as many conversations: the message of number n has the id `id-n` and the time n, in microseconds since 1970. */
export async function fill(store, count) {
  const step = startProgress(`storing ${count} messages`, count);
  for (let index = 0; index < count; index += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - index);
    await Promise.all(Array.from({ length }, (_, offset) => put(store, index + offset, count)));
    step(length);
  }
}

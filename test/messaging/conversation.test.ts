/** Whose number a message belongs to, and which conversation. */
import {
  conversationBetween,
  conversationOf,
  isConversationId,
  numberOf,
  type Addressed,
} from '../../src/messaging/conversation.js';
import { EVERYBODY, type Whose } from '../../src/messaging/caller.js';
import { fits } from '../../src/messaging/message-filter.js';
import type { StoredSend } from '../../src/messaging/ports.js';
import { accepted, NO_FILTER, own } from '../store/sends.js';

const out = (from: string, ...to: string[]): Addressed => ({ direction: 'OUT', from, to, owner: '+1999' });
const came = (from: string, to: string[], owner: string | null): Addressed => ({ direction: 'IN', from, to, owner });

describe('a message', () => {
  it('belongs to the number that sent it, or that got it', () => {
    expect(numberOf(out('+15', '+16'))).toBe('+15');
    expect(numberOf(came('+16', ['+15'], '+15'))).toBe('+15');
    expect(numberOf(came('+16', ['+15'], null))).toBeNull();
  });

  it('belongs to the conversation of the number with the other side, whichever way it went', () => {
    const { id, ...key } = conversationBetween('+15', ['+16']);
    expect(key).toEqual({ number: '+15', participants: ['+16'] });
    expect(conversationOf(out('+15', '+16'))).toEqual({ id, ...key });
    expect(conversationOf(came('+16', ['+15'], '+15'))).toEqual({ id, ...key });
    expect(conversationOf(came('+16', ['+15'], null))).toBeNull();
  });

  it('of a group belongs to the set of the others, in any order', () => {
    const group = conversationBetween('+15', ['+18', '+16', '+17']);
    expect(group.participants).toEqual(['+16', '+17', '+18']);
    expect(conversationOf(out('+15', '+17', '+18', '+16', '+17'))).toEqual(group);
    expect(conversationOf(came('+17', ['+15', '+16', '+18'], '+15'))).toEqual(group);
    expect(conversationOf(out('+15', '+17', '+18'))?.id).not.toBe(group.id);
    expect(conversationOf(came('+17', ['+15', '+16', '+18'], '+16'))?.participants).toEqual(['+15', '+17', '+18']);
  });

  it('to the number itself is a conversation with itself', () => {
    expect(conversationOf(out('+15', '+15'))).toMatchObject({ number: '+15', participants: ['+15'] });
    expect(conversationOf(out('+15', '+15', '+16'))).toMatchObject({ participants: ['+16'] });
  });

  it('from a number that is too long to be one belongs to no conversation', () => {
    expect(conversationOf(out('x'.repeat(255), '+15'))).not.toBeNull();
    expect(conversationOf(out('x'.repeat(256), '+15'))).toBeNull();
  });
});

describe('the id of a conversation', () => {
  it('is the same for the same numbers, and another one for others', () => {
    const ids = [
      conversationBetween('+15', ['+16']),
      conversationBetween('+16', ['+15']),
      conversationBetween('+15', ['+16', '+17']),
      conversationBetween('+1', ['5,+16']),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(conversationBetween('+15', ['+16']).id).toBe(ids[0]);
    expect(ids.every(isConversationId)).toBe(true);
  });

  it.each(['1504751619201kw2fuqty55yp2b2', '3c9a2f60-9f4f-4cd1-8ce0-0e4b2ac26a6c', `in${'0'.repeat(40)}`, 'c:', ''])(
    'is none that a message or a send can have: %s',
    (id) => {
      expect(isConversationId(id)).toBe(false);
    },
  );
});

describe('an update', () => {
  const { message } = accepted({ from: '+15', to: ['+16'] });
  const sent = { caller: 'shop', message } as StoredSend;
  const inbound = accepted({ direction: 'IN', status: 'RECEIVED', from: '+16', to: ['+15'], owner: '+15' }).message;
  const received = { caller: '', message: inbound } as StoredSend;
  const unowned = { caller: '', message: { ...inbound, owner: null } } as StoredSend;
  const seenBy = (caller: Whose): boolean[] =>
    [sent, received, unowned].map((send) => fits({ ...NO_FILTER, caller }, send));

  it('is seen by who sent the message, who has its number, and who sees everything', () => {
    expect(seenBy(own('shop'))).toEqual([true, false, false]);
    expect(seenBy(own('crm', '+15'))).toEqual([true, true, false]);
    expect(seenBy(own('shop', '+16'))).toEqual([true, false, false]);
    expect(seenBy(own('crm', '+16'))).toEqual([false, false, false]);
    expect(seenBy(EVERYBODY)).toEqual([true, true, true]);
  });

  it('is one of a conversation, whichever way its message went', () => {
    const within = (conversation: string): boolean[] =>
      [sent, received, unowned].map((send) => fits({ ...NO_FILTER, conversation }, send));
    expect(within(conversationBetween('+15', ['+16']).id)).toEqual([true, true, false]);
    expect(within(conversationBetween('+16', ['+15']).id)).toEqual([false, false, false]);
  });
});

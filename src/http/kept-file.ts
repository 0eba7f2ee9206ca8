/** Files that are kept in memory, and sent in the encoding that their reader takes, unless it has them already. */
import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** `identity` is the file as it is. */
export type Encoding = 'br' | 'gzip' | 'identity';

export interface KeptFile {
  readonly type: string;
  /** The same in several encodings. */
  readonly bodies: { readonly identity: Buffer } & Readonly<Partial<Record<Encoding, Buffer>>>;
  /** Weak: the same for all encodings. */
  readonly tag: string;
}

export const keptFile = (type: string, bodies: KeptFile['bodies']): KeptFile => ({
  type,
  bodies,
  tag: `W/"${createHash('sha256').update(bodies.identity).digest('base64url')}"`,
});

/** Answers with the file, or with 304 where its reader has it. What else the answer says, the caller has set. */
export function sendKept(reply: FastifyReply, { type, bodies, tag }: KeptFile): FastifyReply {
  const { headers } = reply.request;
  void addVary(reply, 'Accept-Encoding').header('etag', tag);
  if (isKnown(tag, headers['if-none-match'])) return reply.code(304).send();
  const taken = encodingsIn(headers['accept-encoding']);
  const encoding = (['br', 'gzip'] as const).find((each) => bodies[each] !== undefined && taken(each)) ?? 'identity';
  if (encoding !== 'identity') void reply.header('content-encoding', encoding);
  return reply.type(type).send(bodies[encoding]);
}

/** Says that the answer depends on a header of the request, beside what it is said to depend on. */
export const addVary = (reply: FastifyReply, name: string): FastifyReply =>
  reply.header('vary', [reply.getHeader('vary'), name].filter((each) => each !== undefined).join(', '));

/** Whether an If-None-Match header names this weak tag. A proxy that compresses by itself may drop the `W/`. */
function isKnown(tag: string, header = ''): boolean {
  return header === '*' || header.split(',').some((known) => weak(known) === weak(tag));
}

const weak = (tag: string): string => tag.trim().replace(/^W\//, '');

/** Whether an Accept-Encoding header takes an encoding: by its name, or else by `*`. */
function encodingsIn(header: string | string[] | undefined): (encoding: Encoding) => boolean {
  const qualities = new Map(
    String(header ?? '')
      .toLowerCase()
      .split(',')
      .map((coding) => {
        const [name = '', quality = 'q=1'] = coding.split(';').map((part) => part.trim());
        return [name, Number(quality.replace(/^q=/, ''))] as const;
      }),
  );
  return (encoding) => (qualities.get(encoding) ?? qualities.get('*') ?? 0) > 0;
}

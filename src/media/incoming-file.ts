/** A file on its way in: checked while it streams, and never in memory as a whole. */
import { randomBytes } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished, Readable, Transform, type TransformCallback } from 'node:stream';
import { MAX_UPLOAD_BYTES, type NewFile } from '../messaging/media.js';
import { BEGINNING_BYTES, checkContent, tooLarge } from './file-check.js';

/**
 * The bytes of a file as they come. Holds back its beginning until that is checked, and counts. Its source is not
 * destroyed with it, but read to its end without being kept: a client hears an answer only when it could say all.
 */
export class CheckedBody extends Transform {
  /** Resolves once the beginning is what it should be; rejects with what is wrong. */
  readonly checked: Promise<void>;
  readonly #type: string;
  #onChecked: () => void = () => undefined;
  /** Null once it was checked. */
  #beginning: Buffer[] | null = [];
  #size = 0;

  constructor(source: Readable, type: string) {
    super();
    this.#type = type;
    this.checked = new Promise((resolve, reject) => {
      this.#onChecked = resolve;
      this.once('error', reject);
      this.once('close', () => {
        reject(new Error('closed'));
      });
    });
    // Whoever waits for it hears of it; nobody has to.
    this.checked.catch(() => undefined);
    this.on('error', () => undefined);
    finished(source, { writable: false }, (error) => {
      if (error != null) this.destroy(error);
    });
    this.once('close', () => {
      source.unpipe(this);
      source.resume();
    });
    source.pipe(this);
  }

  /** How many bytes came so far. */
  get size(): number {
    return this.#size;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#size += chunk.length;
    if (this.#size > MAX_UPLOAD_BYTES) done(tooLarge());
    else if (this.#beginning === null) done(null, chunk);
    else {
      this.#beginning.push(chunk);
      if (this.#size >= BEGINNING_BYTES) this.#check(done);
      else done();
    }
  }

  override _flush(done: TransformCallback): void {
    if (this.#beginning === null) done();
    else this.#check(done);
  }

  #check(done: TransformCallback): void {
    const beginning = Buffer.concat(this.#beginning ?? []);
    this.#beginning = null;
    checkContent(this.#type, beginning.subarray(0, BEGINNING_BYTES)).then(
      () => {
        this.#onChecked();
        done(null, beginning);
      },
      (error: unknown) => {
        done(error as Error);
      },
    );
  }
}

/** A file that is sent on while it comes: its length must be known. */
export function streamed(body: CheckedBody, name: string, type: string, sizeBytes: number): NewFile {
  return { name, type, sizeBytes, open: () => body, isRepeatable: false };
}

/**
 * Does `work` with a file whose length is not known before its end, which Catapult wants to know first. It is kept on
 * disk meanwhile, without a name: nothing is left over, whatever happens.
 */
export async function withSpooled<Result>(
  body: CheckedBody,
  name: string,
  type: string,
  work: (file: NewFile) => Promise<Result>,
): Promise<Result> {
  const path = join(tmpdir(), `catapult-graphql-${randomBytes(16).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    for await (const chunk of body as AsyncIterable<Buffer>) await file.writeFile(chunk);
    const readAgain = (): Readable => Readable.from(bytesOf(file), { objectMode: false });
    return await work({ name, type, sizeBytes: body.size, open: readAgain, isRepeatable: true });
  } finally {
    await file.close();
  }
}

const CHUNK_BYTES = 64 * 1024;

/** From its beginning, however often. A stream of Node's own would close the file, or keep it from being closed. */
async function* bytesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(CHUNK_BYTES), position });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The tables, as numbered steps that only go forward. A step that was released is never changed; a new one is added. */

export type Database = 'sqlite' | 'postgres';

/** All steps. A database to which they were applied has their number as its version. */
export function migrations(database: Database): readonly string[] {
  return STEPS.map((step) => step(DIALECTS[database]));
}

/** The database was made by a newer version of this software; only that version knows what is in it. */
export class NewerStoreError extends Error {
  override readonly name = 'NewerStoreError';

  constructor(
    readonly found: number,
    readonly known: number,
  ) {
    super(`The database has version ${found}; this software knows versions up to ${known}. Run a newer release.`);
  }
}

/** Whoever opens the database may not bring it to the current version. */
export class OlderStoreError extends Error {
  override readonly name = 'OlderStoreError';

  constructor(
    readonly found: number,
    readonly known: number,
    cause: unknown,
  ) {
    super(
      `The database has version ${found}, this software needs ${known}, and its user may not change the tables: run \`node dist/main.js migrate\` with the DATABASE_URL of a user who may, then start again.`,
      { cause },
    );
  }
}

/** What a database was, and what it is now. */
export interface Migrated {
  readonly from: number;
  readonly to: number;
}

/** Called before each step of those that an older database lacks: some take seconds for each million messages. */
export type OnStep = (step: number, of: number) => void;

/** The steps that a database of version `found` still lacks. @throws NewerStoreError */
export function stepsAfter(found: number, steps: readonly string[]): readonly string[] {
  if (found > steps.length) throw new NewerStoreError(found, steps.length);
  return steps.slice(found);
}

/** What is not the same in both databases. */
interface Dialect {
  /** The type of a 64-bit number. */
  readonly bigint: string;
  readonly filler: string;
  /** A send leaves PENDING once; the other triggers make the table append-only. */
  readonly auditTriggers: string;
  /** One instance alone counts in memory. */
  readonly sendCounters: string;
  /**
   * The first trigger names its columns now, since there are more; the second one writes the row of a settlement, the
   * third one that of a message that went out although somebody had settled it as not sent.
   */
  readonly settlementTriggers: string;
  /**
   * `INSERT OR REPLACE` deletes the row whose number it takes, and SQLite runs no delete trigger for that. A row without
   * a number has -1 here (https://sqlite.org/lang_createtrigger.html: it is undefined), and the database gives out
   * positive ones alone. PostgreSQL has no such statement: what conflicts is updated, which the triggers refuse.
   */
  readonly auditReplace: string;
  /** SQLite keeps a table beside its primary key, unless it is told that the key is all there is. */
  readonly recipientsInOrder: string;
  /** The audit grows in the order of time: PostgreSQL has an index for that which costs next to nothing. */
  readonly auditByTime: string;
  /** SQLite keeps a table beside its primary key, unless it is told that the key is all there is. */
  readonly keyIsTable: string;
  /** Who takes part in a conversation never changes. PostgreSQL writes it by the statement that counts. */
  readonly conversationTrigger: string;
  /** PostgreSQL numbers its transactions itself, from wherever its server began. SQLite goes on from the rows. */
  readonly commitNumbers: string;
  /** A random name that the database itself makes, 32 digits in hexadecimal. */
  readonly randomId: string;
  /** Names somebody who is forgotten: a digest that only this database makes. SQLite gets it from the server. */
  readonly digestOfForgotten: string;
  /** 64 random digits in hexadecimal. */
  readonly randomSecret: string;
  /**
   * Instances of an earlier version may work beside this one in PostgreSQL alone; in SQLite, the store keeps rows empty. In
   * the place of the triggers that number, since each condition of a trigger costs some microseconds a statement.
   */
  readonly forgettingTriggers: string;
  /** Each statement about consent that counts is written to its audit, which is as append-only as the other. */
  readonly consentTriggers: string;
}

const CONSENT_AUDIT_COLUMNS = 'since, opted_out, source, changed_by, recorded_by, message_id';
const INSERT_CONSENT_AUDIT = `INSERT INTO consent_audit (time, consent_id, ${CONSENT_AUDIT_COLUMNS})
        VALUES (NEW.updated_at, NEW.id, ${CONSENT_AUDIT_COLUMNS.replace(/\w+/g, 'NEW.$&')})`;

const DIALECTS: Readonly<Record<Database, Dialect>> = {
  sqlite: {
    bigint: 'INTEGER',
    filler: 'BLOB',
    auditTriggers: `
    CREATE TRIGGER audit_send AFTER UPDATE OF status ON sends WHEN OLD.status = 'PENDING' AND NEW.status <> 'PENDING'
      BEGIN INSERT INTO audit VALUES (NEW.updated_at, NEW.send_id, NEW.caller, NEW.key_hash, NEW.status); END;
    CREATE TRIGGER audit_keep BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
    CREATE TRIGGER audit_still BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;`,
    sendCounters: '',
    settlementTriggers: `
    DROP TRIGGER audit_send;
    CREATE TRIGGER audit_send AFTER UPDATE OF status ON sends WHEN OLD.status = 'PENDING' AND NEW.status <> 'PENDING'
      BEGIN INSERT INTO audit (time, send_id, caller, key_hash, outcome)
        VALUES (NEW.updated_at, NEW.send_id, NEW.caller, NEW.key_hash, NEW.status); END;
    CREATE TRIGGER audit_settlement AFTER UPDATE OF settled_by ON sends WHEN OLD.settled_by IS NULL AND NEW.settled_by IS NOT NULL
      BEGIN INSERT INTO audit (time, send_id, caller, key_hash, outcome, settled_by, reason)
        VALUES (NEW.updated_at, NEW.send_id, NEW.caller, NEW.key_hash, NEW.status, NEW.settled_by, NEW.settled_reason); END;
    CREATE TRIGGER audit_contradiction AFTER UPDATE OF status ON sends WHEN OLD.status = 'REJECTED' AND NEW.status <> 'REJECTED'
      BEGIN INSERT INTO audit (time, send_id, caller, key_hash, outcome, settled_by, reason)
        VALUES (NEW.updated_at, NEW.send_id, NEW.caller, NEW.key_hash, NEW.status, 'upstream', 'it was sent after all'); END;`,
    auditReplace: `
    CREATE TRIGGER audit_once BEFORE INSERT ON audit WHEN NEW.rowid > 0 AND EXISTS (SELECT 1 FROM audit WHERE rowid = NEW.rowid)
      BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;`,
    recipientsInOrder: `
    ALTER TABLE recipients RENAME TO recipients_before;
    CREATE TABLE recipients (
      recipient TEXT NOT NULL,
      time INTEGER NOT NULL,
      send_id TEXT NOT NULL,
      caller TEXT NOT NULL,
      PRIMARY KEY (recipient, time, send_id)
    ) WITHOUT ROWID;
    INSERT INTO recipients SELECT recipient, time, send_id, caller FROM recipients_before ORDER BY recipient, time, send_id;
    DROP TABLE recipients_before;
    CREATE INDEX recipients_caller ON recipients (caller, recipient, time, send_id);`,
    auditByTime: '',
    keyIsTable: ' WITHOUT ROWID',
    conversationTrigger: `
    CREATE TRIGGER conversation_begins AFTER INSERT ON conversations
      BEGIN INSERT INTO conversation_participants SELECT value, NEW.id FROM json_each(NEW.participants) WHERE length(value) <= 255; END;`,
    commitNumbers: '',
    randomId: '(lower(hex(randomblob(16))))',
    randomSecret: 'lower(hex(randomblob(32)))',
    digestOfForgotten: '',
    forgettingTriggers: '',
    consentTriggers: `
    CREATE TRIGGER consent_said AFTER INSERT ON consent BEGIN ${INSERT_CONSENT_AUDIT}; END;
    CREATE TRIGGER consent_changed AFTER UPDATE OF since, opted_out ON consent BEGIN ${INSERT_CONSENT_AUDIT}; END;
    CREATE TRIGGER consent_audit_keep BEFORE DELETE ON consent_audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
    CREATE TRIGGER consent_audit_still BEFORE UPDATE ON consent_audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
    CREATE TRIGGER consent_audit_once BEFORE INSERT ON consent_audit
      WHEN NEW.rowid > 0 AND EXISTS (SELECT 1 FROM consent_audit WHERE rowid = NEW.rowid)
      BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;`,
  },
  postgres: {
    bigint: 'BIGINT',
    filler: 'TEXT',
    auditTriggers: `
    CREATE FUNCTION audit_send() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO audit VALUES (NEW.updated_at, NEW.send_id, NEW.caller, NEW.key_hash, NEW.status); RETURN NULL; END $$;
    CREATE TRIGGER audit_send AFTER UPDATE OF status ON sends FOR EACH ROW
      WHEN (OLD.status = 'PENDING' AND NEW.status <> 'PENDING') EXECUTE FUNCTION audit_send();
    CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'audit is append-only'; END $$;
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();`,
    sendCounters: 'CREATE TABLE send_counters (key varchar(255) PRIMARY KEY, points integer NOT NULL, expire bigint);',
    settlementTriggers: `
    CREATE OR REPLACE FUNCTION audit_send() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO audit (time, send_id, caller, key_hash, outcome)
        VALUES (NEW.updated_at, NEW.send_id, NEW.caller, NEW.key_hash, NEW.status); RETURN NULL; END $$;
    CREATE FUNCTION audit_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO audit (time, send_id, caller, key_hash, outcome, settled_by, reason)
        VALUES (NEW.updated_at, NEW.send_id, NEW.caller, NEW.key_hash, NEW.status, NEW.settled_by, NEW.settled_reason); RETURN NULL; END $$;
    CREATE TRIGGER audit_settlement AFTER UPDATE OF settled_by ON sends FOR EACH ROW
      WHEN (OLD.settled_by IS NULL AND NEW.settled_by IS NOT NULL) EXECUTE FUNCTION audit_settlement();
    CREATE FUNCTION audit_contradiction() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO audit (time, send_id, caller, key_hash, outcome, settled_by, reason)
        VALUES (NEW.updated_at, NEW.send_id, NEW.caller, NEW.key_hash, NEW.status, 'upstream', 'it was sent after all'); RETURN NULL; END $$;
    CREATE TRIGGER audit_contradiction AFTER UPDATE OF status ON sends FOR EACH ROW
      WHEN (OLD.status = 'REJECTED' AND NEW.status <> 'REJECTED') EXECUTE FUNCTION audit_contradiction();
    CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();`,
    auditReplace: '',
    recipientsInOrder: '',
    auditByTime: 'CREATE INDEX audit_time ON audit USING brin (time);',
    keyIsTable: '',
    conversationTrigger: '',
    commitNumbers: `
    -- What is added to the numbers of transactions, which begin again where a dump is restored.
    CREATE TABLE commit_offset (added BIGINT NOT NULL);
    INSERT INTO commit_offset VALUES (0);

    -- While instances are replaced one by one, those of an earlier version number nothing, and keep no events.
    CREATE FUNCTION number_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.changed := pg_current_xact_id()::text::bigint + (SELECT added FROM commit_offset);
        IF TG_OP = 'UPDATE' THEN
          IF NEW.deliveries IS DISTINCT FROM OLD.deliveries AND NEW.events IS NOT DISTINCT FROM OLD.events THEN
            NEW.events := NULL;
          END IF;
        END IF;
        RETURN NEW;
      END $$;
    CREATE TRIGGER number_update BEFORE UPDATE ON sends FOR EACH ROW
      WHEN (NEW.changed IS NOT DISTINCT FROM OLD.changed AND (NEW.status <> OLD.status
        OR NEW.message_id IS DISTINCT FROM OLD.message_id OR NEW.deliveries IS DISTINCT FROM OLD.deliveries))
      EXECUTE FUNCTION number_change();
    CREATE TRIGGER number_insert BEFORE INSERT ON sends FOR EACH ROW
      WHEN (NEW.changed IS NULL AND NEW.status <> 'PENDING') EXECUTE FUNCTION number_change();`,
    randomId: "replace(gen_random_uuid()::text, '-', '')",
    randomSecret: "replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')",
    digestOfForgotten: `
    CREATE FUNCTION digest_of_forgotten(number TEXT) RETURNS TEXT LANGUAGE sql STABLE AS $$
      SELECT encode(sha256(convert_to((SELECT value FROM secrets WHERE name = 'forgotten') || number, 'UTF8')), 'hex') $$;`,
    forgettingTriggers: `
    -- While instances are replaced one by one, those of an earlier version number nothing, and do not know who is forgotten.
    -- The database refuses what they send to somebody who opted out, as a value that it does not take.
    ALTER TABLE sends ADD COLUMN knows_forgotten BOOLEAN;
    DROP TRIGGER number_insert ON sends;
    DROP TRIGGER number_update ON sends;
    DROP FUNCTION number_change();
    CREATE FUNCTION change_number() RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
      SELECT pg_current_xact_id()::text::bigint + added FROM commit_offset $$;
    CREATE FUNCTION check_insert() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.status <> 'PENDING' THEN
          NEW.changed := change_number();
        ELSIF EXISTS (SELECT 1 FROM json_array_elements_text(NEW.recipients::json) AS one (recipient)
          JOIN forgotten_opt_outs AS said ON said.recipient_digest = digest_of_forgotten(one.recipient)
            AND said.owner IN (NEW.sender, '') AND said.opted_out = 1
          WHERE NOT EXISTS (SELECT 1 FROM forgotten_opt_outs AS later
            WHERE later.recipient_digest = said.recipient_digest AND later.owner = NEW.sender AND later.since > said.since)
          AND NOT EXISTS (SELECT 1 FROM consent AS later
            WHERE later.recipient = one.recipient AND later.owner = NEW.sender AND later.since > said.since))
        THEN RAISE EXCEPTION 'a recipient has opted out' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
      END $$;
    CREATE TRIGGER check_insert BEFORE INSERT ON sends FOR EACH ROW
      WHEN (NEW.changed IS NULL AND NEW.knows_forgotten IS NULL) EXECUTE FUNCTION check_insert();

    -- What was emptied stays empty, whoever hears of it: all that counts is that something was sent after all, and its id.
    -- By an update of its own: instances of an earlier version list the recipients of each row that they get back.
    CREATE FUNCTION check_update() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF OLD.settled_by = 'forgotten' AND NEW.message_id IS NOT NULL THEN
          IF OLD.status = 'REJECTED' THEN
            UPDATE sends SET status = 'ACCEPTED', last_seen = concat(NEW.last_seen, ', message ', NEW.message_id),
              updated_at = NEW.updated_at, changed = NEW.changed WHERE send_id = OLD.send_id;
          END IF;
          RETURN NULL;
        END IF;
        IF NEW.changed IS NOT DISTINCT FROM OLD.changed AND (NEW.status <> OLD.status
          OR NEW.message_id IS DISTINCT FROM OLD.message_id OR NEW.deliveries IS DISTINCT FROM OLD.deliveries) THEN
          NEW.changed := change_number();
          IF NEW.deliveries IS DISTINCT FROM OLD.deliveries AND NEW.events IS NOT DISTINCT FROM OLD.events THEN
            NEW.events := NULL;
          END IF;
        END IF;
        RETURN NEW;
      END $$;
    CREATE TRIGGER check_update BEFORE UPDATE ON sends FOR EACH ROW
      WHEN (NEW.changed IS NOT DISTINCT FROM OLD.changed OR OLD.settled_by = 'forgotten') EXECUTE FUNCTION check_update();

    -- Instances of an earlier version forget opt-outs alone, and give the word that they find the time of theirs.
    CREATE FUNCTION replace_earlier_word() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        DELETE FROM forgotten_opt_outs AS known WHERE known.recipient_digest = NEW.recipient_digest
          AND known.owner = NEW.owner AND (known.since, known.opted_out) < (NEW.since, NEW.opted_out);
        RETURN NEW;
      END $$;
    CREATE TRIGGER replace_earlier_word BEFORE INSERT ON forgotten_opt_outs FOR EACH ROW EXECUTE FUNCTION replace_earlier_word();`,
    consentTriggers: `
    CREATE FUNCTION consent_said() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN ${INSERT_CONSENT_AUDIT}; RETURN NULL; END $$;
    CREATE TRIGGER consent_said AFTER INSERT OR UPDATE OF since, opted_out ON consent FOR EACH ROW EXECUTE FUNCTION consent_said();
    CREATE TRIGGER consent_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_audit
      FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();`,
  },
};

const STEPS: readonly ((dialect: Dialect) => string)[] = [
  ({ bigint }) => `
    CREATE TABLE sends (
      send_id TEXT PRIMARY KEY,
      caller TEXT NOT NULL,
      idempotency_key TEXT,
      fingerprint TEXT NOT NULL,
      status TEXT NOT NULL,
      started_at ${bigint} NOT NULL,
      updated_at ${bigint} NOT NULL,
      lease_until ${bigint} NOT NULL,
      sender TEXT NOT NULL,
      recipients TEXT NOT NULL,
      body TEXT NOT NULL,
      application_id TEXT,
      tag TEXT,
      media TEXT NOT NULL,
      message_id TEXT,
      time ${bigint},
      owner TEXT,
      direction TEXT NOT NULL,
      segment_count INTEGER
    );
    -- One send at a time holds a caller's key.
    CREATE UNIQUE INDEX sends_key ON sends (caller, idempotency_key) WHERE idempotency_key IS NOT NULL;
    -- Not unique: a mock upstream may repeat its ids.
    CREATE INDEX sends_message ON sends (message_id) WHERE message_id IS NOT NULL;
    -- The list of messages, newest first, whole and by each filter.
    CREATE INDEX sends_time ON sends (time, send_id) WHERE message_id IS NOT NULL;
    CREATE INDEX sends_sender ON sends (sender, time, send_id) WHERE message_id IS NOT NULL;
    CREATE INDEX sends_status ON sends (status, time, send_id) WHERE message_id IS NOT NULL;
    CREATE INDEX sends_tag ON sends (tag, time, send_id) WHERE message_id IS NOT NULL;
    -- What housekeeping looks for, each as small as its subject.
    CREATE INDEX sends_pending ON sends (lease_until) WHERE status = 'PENDING';
    CREATE INDEX sends_unresolved ON sends (started_at) WHERE message_id IS NULL AND status IN ('UNKNOWN', 'ACCEPTED');
    CREATE INDEX sends_keyed ON sends (updated_at) WHERE idempotency_key IS NOT NULL AND message_id IS NOT NULL;
    CREATE INDEX sends_rejected ON sends (updated_at) WHERE status = 'REJECTED';

    CREATE TABLE recipients (
      recipient TEXT NOT NULL,
      time ${bigint} NOT NULL,
      send_id TEXT NOT NULL,
      PRIMARY KEY (recipient, time, send_id)
    );
    `,
  ({ bigint }) => `
    -- What became of the message for each recipient, as JSON; null until something was heard.
    ALTER TABLE sends ADD COLUMN deliveries TEXT;

    -- Events of messages that are not known yet: a callback may overtake the answer to its send.
    CREATE TABLE early_events (message_id TEXT NOT NULL, event TEXT NOT NULL, received_at ${bigint} NOT NULL);
    CREATE INDEX early_events_message ON early_events (message_id);
    CREATE INDEX early_events_received ON early_events (received_at);

    -- What came in as a callback and could not be understood.
    CREATE TABLE strange_callbacks (received_at ${bigint} NOT NULL, body TEXT NOT NULL);
    `,
  () => `
    -- PostgreSQL takes no index entry above 2704 bytes, and a tag of 1024 characters can have 3072: only its beginning
    -- is indexed. A sender can be of any length where upstream says so.
    DROP INDEX sends_sender;
    CREATE INDEX sends_sender ON sends (substr(sender, 1, 255), time, send_id) WHERE message_id IS NOT NULL;
    DROP INDEX sends_tag;
    CREATE INDEX sends_tag ON sends (substr(tag, 1, 255), time, send_id) WHERE message_id IS NOT NULL;

    -- The newest message of an id is the last entry, however many there are.
    DROP INDEX sends_message;
    CREATE INDEX sends_message ON sends (message_id, time, send_id) WHERE message_id IS NOT NULL;
    `,
  ({ bigint, auditTriggers, sendCounters }) => `
    -- Callers list their own messages.
    CREATE INDEX sends_caller ON sends (caller, time, send_id) WHERE message_id IS NOT NULL;

    -- What became of every attempt to send, once each, for ever: written by the database itself in the commit that
    -- settles the attempt, whoever settles it. key_hash is the SHA-256 of the idempotency key, null where none was given.
    ALTER TABLE sends ADD COLUMN key_hash TEXT;
    CREATE TABLE audit (
      time ${bigint} NOT NULL,
      send_id TEXT NOT NULL,
      caller TEXT NOT NULL,
      key_hash TEXT,
      outcome TEXT NOT NULL
    );
    CREATE INDEX audit_time ON audit (time);
    CREATE INDEX audit_caller ON audit (caller, time);
    ${auditTriggers}
    ${sendCounters}
    `,
  ({ bigint, filler, settlementTriggers }) => `
    -- What an operator needs to know of a send that nobody knows the outcome of: the request it came with, and what its
    -- last attempt met.
    ALTER TABLE sends ADD COLUMN request_id TEXT;
    ALTER TABLE sends ADD COLUMN last_seen TEXT;
    -- Who settled what the call left open, and why. It stands in the audit, too, as a second row of the send.
    ALTER TABLE sends ADD COLUMN settled_by TEXT;
    ALTER TABLE sends ADD COLUMN settled_reason TEXT;
    ALTER TABLE audit ADD COLUMN settled_by TEXT;
    ALTER TABLE audit ADD COLUMN reason TEXT;
    CREATE INDEX sends_settled ON sends (started_at) WHERE settled_by IS NOT NULL;
    ${settlementTriggers}

    ALTER TABLE sends ADD COLUMN priority TEXT;
    ALTER TABLE sends ADD COLUMN expires_at ${bigint};
    ALTER TABLE sends ADD COLUMN paired_message_id TEXT;

    -- Events that are no state of a delivery: read receipts and answers of richer channels.
    CREATE TABLE other_events (message_id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL, received_at ${bigint} NOT NULL);
    CREATE INDEX other_events_received ON other_events (received_at);

    -- Written to find out whether anything can be written.
    CREATE TABLE readiness (id INTEGER PRIMARY KEY, filler ${filler});

    -- Secrets of our own that all instances share, in hexadecimal.
    CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    `,
  ({ bigint, auditReplace }) => `
    -- A caller's list, by each filter: the walk begins at the rows that he may see, so that it never passes over another's.
    CREATE INDEX sends_caller_sender ON sends (caller, substr(sender, 1, 255), time, send_id) WHERE message_id IS NOT NULL;
    CREATE INDEX sends_caller_status ON sends (caller, status, time, send_id) WHERE message_id IS NOT NULL;
    CREATE INDEX sends_caller_tag ON sends (caller, substr(tag, 1, 255), time, send_id)
      WHERE message_id IS NOT NULL AND tag IS NOT NULL;
    ALTER TABLE recipients ADD COLUMN caller TEXT NOT NULL DEFAULT '';
    UPDATE recipients SET caller = COALESCE((SELECT caller FROM sends WHERE sends.send_id = recipients.send_id), '');
    CREATE INDEX recipients_caller ON recipients (caller, recipient, time, send_id);

    -- How many sends the limits refused, by caller and hour: they are no attempts, and must not fill the audit.
    CREATE TABLE refusals (caller TEXT NOT NULL, hour ${bigint} NOT NULL, count ${bigint} NOT NULL, PRIMARY KEY (caller, hour));

    -- What housekeeping looks for.
    CREATE INDEX strange_callbacks_received ON strange_callbacks (received_at);
    ${auditReplace}
    `,
  ({ recipientsInOrder, auditByTime }) => `
    -- Indexes were most of what it costs to store a send. Nothing here reads the audit by its indexes: people do, and
    -- rarely; it lies in the order of time. Most sends have no tag.
    DROP INDEX audit_time;
    DROP INDEX audit_caller;
    ${auditByTime}
    DROP INDEX sends_tag;
    CREATE INDEX sends_tag ON sends (substr(tag, 1, 255), time, send_id) WHERE message_id IS NOT NULL AND tag IS NOT NULL;
    ${recipientsInOrder}
    `,
  ({ bigint, commitNumbers }) => `
    -- The order of changes: the number of the commit that changed a send or its message last; null since its claim.
    ALTER TABLE sends ADD COLUMN changed ${bigint};
    CREATE INDEX sends_changed ON sends (changed, send_id) WHERE changed IS NOT NULL;
    ${commitNumbers}

    -- Why a send was not sent, as JSON, and everything that was reported of its message.
    ALTER TABLE sends ADD COLUMN problem TEXT;
    ALTER TABLE sends ADD COLUMN events TEXT;

    -- Callers list their sends, newest first; those without a message are few. Who reloads a page asks by the key, of
    -- which only the hash is left where nothing was sent, or after three days.
    CREATE INDEX sends_of_caller ON sends (caller, send_id) WHERE direction = 'OUT';
    CREATE INDEX sends_without_message ON sends (status, send_id) WHERE message_id IS NULL AND status IN ('UNKNOWN', 'REJECTED');
    CREATE INDEX sends_caller_without_message ON sends (caller, status, send_id)
      WHERE message_id IS NULL AND status IN ('UNKNOWN', 'REJECTED');
    CREATE INDEX sends_freed_key ON sends (caller, key_hash, send_id) WHERE idempotency_key IS NULL AND key_hash IS NOT NULL;
    `,
  ({ bigint, keyIsTable, conversationTrigger }) => `
    -- What belongs to a number, by state and by tag: see numberOf. The lists without a state are merged of those by
    -- state, so that each message lies in as few indexes as before.
    DROP INDEX sends_time;
    DROP INDEX sends_caller;
    CREATE INDEX sends_number ON sends (${OWN_NUMBER}, status, time, send_id) WHERE message_id IS NOT NULL;
    CREATE INDEX sends_number_tag ON sends (${OWN_NUMBER}, substr(tag, 1, 255), time, send_id)
      WHERE message_id IS NOT NULL AND tag IS NOT NULL;

    -- A message's conversation is known with the message. Housekeeping finds those that an earlier version stored.
    ALTER TABLE sends ADD COLUMN conversation TEXT;
    CREATE INDEX sends_conversation ON sends (conversation, time, send_id)
      WHERE message_id IS NOT NULL AND conversation IS NOT NULL;
    CREATE INDEX sends_unfiled ON sends (${OWN_NUMBER}, time, send_id) WHERE message_id IS NOT NULL AND conversation IS NULL;

    -- Each conversation stands at the place of its last message.
    CREATE TABLE conversations (
      id TEXT PRIMARY KEY,
      number TEXT NOT NULL,
      participants TEXT NOT NULL,
      time ${bigint} NOT NULL,
      send_id TEXT NOT NULL,
      sent ${bigint} NOT NULL,
      received ${bigint} NOT NULL
    )${keyIsTable};
    CREATE INDEX conversations_time ON conversations (time, send_id);
    CREATE INDEX conversations_number ON conversations (number, time, send_id);
    CREATE TABLE conversation_participants (
      participant TEXT NOT NULL,
      conversation TEXT NOT NULL,
      PRIMARY KEY (participant, conversation)
    )${keyIsTable};
    ${conversationTrigger}
    `,
  ({ bigint, randomId, keyIsTable, consentTriggers }) => `
    -- What was last said of a recipient's consent to messages from a number of ours, or from all: then the owner is ''.
    -- Kept for those who came back, too. since: when it was said, in microseconds; changed_at: when somebody who was opted
    -- in was opted out, or the other way round; updated_at: when it was written. opted_out is 1 or 0.
    CREATE TABLE consent (
      recipient TEXT NOT NULL,
      owner TEXT NOT NULL,
      id TEXT NOT NULL DEFAULT ${randomId},
      opted_out INTEGER NOT NULL,
      since ${bigint} NOT NULL,
      source TEXT NOT NULL,
      changed_by TEXT,
      recorded_by TEXT,
      message_id TEXT,
      changed_at ${bigint} NOT NULL,
      updated_at ${bigint} NOT NULL,
      PRIMARY KEY (recipient, owner)
    )${keyIsTable};
    CREATE UNIQUE INDEX consent_id ON consent (id);
    CREATE INDEX consent_list ON consent (since, id) WHERE opted_out = 1;
    CREATE INDEX consent_owner ON consent (owner, since, id) WHERE opted_out = 1;
    CREATE INDEX consent_new ON consent (changed_at, id) WHERE opted_out = 1 AND source = 'KEYWORD';

    -- Everything that counted when it was said, for ever. It names the entry above, which alone holds the numbers: when that
    -- is deleted to forget a number, this stays and leads to nobody. consent_history shows both together.
    CREATE TABLE consent_audit (
      time ${bigint} NOT NULL,
      consent_id TEXT NOT NULL,
      since ${bigint} NOT NULL,
      opted_out INTEGER NOT NULL,
      source TEXT NOT NULL,
      changed_by TEXT,
      recorded_by TEXT,
      message_id TEXT
    );
    CREATE VIEW consent_history AS SELECT consent_audit.*, consent.recipient, consent.owner
      FROM consent_audit LEFT JOIN consent ON consent.id = consent_audit.consent_id;
    ${consentTriggers}
    `,
  ({ bigint, keyIsTable, randomSecret, digestOfForgotten }) => `
    -- Those who opted out and are forgotten: nothing is sent to them, and nobody can read who they are. The owner is as in
    -- consent; the recipient is a digest, with a secret of this database.
    CREATE TABLE forgotten_opt_outs (
      recipient_digest TEXT NOT NULL,
      owner TEXT NOT NULL,
      since ${bigint} NOT NULL,
      PRIMARY KEY (recipient_digest, owner)
    )${keyIsTable};
    INSERT INTO secrets VALUES ('forgotten', ${randomSecret});
    ${digestOfForgotten}
    `,
  ({ forgettingTriggers }) => `
    -- First what changes sends, which is locked first by instances of an earlier version as well.
    ${forgettingTriggers}

    -- The last word of somebody who is forgotten, also where that is that he wants messages. As in consent.
    ALTER TABLE forgotten_opt_outs ADD COLUMN opted_out INTEGER NOT NULL DEFAULT 1;

    -- Who had a number forgotten, and when: these entries alone name no send.
    CREATE INDEX audit_forgetting ON audit (time) WHERE send_id = '';
    `,
  () => `
    -- Requests that the call made; null for a send of an earlier version.
    ALTER TABLE sends ADD COLUMN attempts INTEGER;
    `,
];

/** Your number in a message: see `numberOf`. */
const OWN_NUMBER = "(CASE direction WHEN 'OUT' THEN substr(sender, 1, 255) ELSE substr(owner, 1, 255) END)";

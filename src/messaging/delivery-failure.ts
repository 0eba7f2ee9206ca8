/** Why a message was not delivered: Catapult's codes and what they mean in plain words. */

/** Who caused a failure. `UNCLEAR` where Catapult itself does not know. */
export type FailureOrigin = 'CLIENT' | 'BANDWIDTH' | 'CARRIER' | 'UNCLEAR';

export interface DeliveryFailure {
  readonly code: number;
  /** Catapult's name of the code, misspelt where Catapult misspells it. */
  readonly name: string;
  readonly meaning: string;
  readonly origin: FailureOrigin;
  /** Whether the same message may get through later. */
  readonly retryable: boolean;
}

/** Names and meanings by code (Bandwidth's lists of 2017 to 2026; the code alone can be relied on). */
const MEANINGS: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  4001: ['service-not-allowed', 'Bandwidth refused the message: the service is not permitted for it.'],
  4121: ['rejected-spam', 'It was rejected as spam.'],
  4301: ['malformed-invalid-encoding', 'The text holds characters that cannot be encoded.'],
  4302: ['malformed-invalid-from-number', "The sender's number cannot be used to send."],
  4303: ['malformed-invalid-to-number', "The recipient's number is not valid."],
  4350: [
    'malformed-for-destination',
    "It could not be sent to its destination, usually because the recipient's number is wrong.",
  ],
  4360: ['message-not-sent-expiration-date-passed', 'It expired before it could be sent.'],
  4401: [
    'rejected-routing-error',
    'It cannot be routed: sender and recipient are the same, or a number is set up wrongly.',
  ],
  4403: [
    'rejected-forbidden-from-number',
    "The sender's number is not yours, is disconnected, or is not enabled for messages.",
  ],
  4404: ['rejected-forbidden-to-number', "The recipient's number is not active or not enabled for messages."],
  4405: ['rejected-unallocated-from-number', "The sender's number is not in use."],
  4406: ['rejected-unallocated-to-number', "The recipient's number is not in use."],
  4407: ['rejected-account-not-defined-from-number', "The sender's number does not belong to this account."],
  4408: ['rejected-account-not-defined-to-number', "The recipient's number belongs to no account."],
  4409: ['rejected-invalid-from-profile', "The recipient's service cannot take this kind of message, often an MMS."],
  4410: ['media-unavailable', 'An attachment could not be fetched from its URL.'],
  4411: ['rejected-message-size-limit-exceeded', 'The attachments are too large together.'],
  4412: ['media-content-invalid', 'The type of an attachment is not supported.'],
  4420: ['rejected-carrier-does-not-exist', "There is no way to the recipient's carrier."],
  4421: ['rejected-forbidden-no-destination', 'This account may not send to that destination.'],
  4431: ['rejected-forbidden-shortcode', 'This account may not use short codes.'],
  4432: ['rejected-forbidden-country', 'This account may not send to that country.'],
  4433: ['rejected-forbidden-tollfree', 'This account may not use toll-free numbers.'],
  4434: ['rejected-forbidden-tollfree-for-recipient', 'That toll-free number cannot receive messages.'],
  4435: ['forbidden-too-many-recipients', 'A group message has at most 10 recipients.'],
  4451: ['rejected-wrong-user-id', "The account's id is not valid."],
  4452: ['rejected-wrong-application-id', "The application's id is not valid for this account."],
  4470: ['rejected-spam-detected', "Bandwidth's filter took it for spam."],
  4475: ['rejected-opted-out', "The recipient has opted out of messages from this number, by Bandwidth's own list."],
  4476: ['blocked-unregistered', "The sender's number is not registered with a campaign (10DLC)."],
  4481: ['rejected-from-number-in-blacklist', "The sender's number is blocked."],
  4482: ['rejected-to-number-in-blacklist', "The recipient's number is blocked."],
  4492: ['reject-emergency', 'Emergency numbers take no messages.'],
  4493: ['rejected-unauthorized', 'The sender is not authorised.'],
  4700: ['invalid-service-type', "The recipient's number takes no messages; it may be a landline."],
  4701: ['destination-service-unavailable', "The recipient's service is not available."],
  4702: ['destination-subscriber-unavailable', 'The recipient cannot be reached at the moment.'],
  4710: ['media-unavailable', "The recipient's carrier could not fetch an attachment."],
  4711: ['rejected-message-size-limit-exceeded', "The message is too large for the recipient's carrier."],
  4712: ['media-content-invalid', "The recipient's carrier does not support the type of an attachment."],
  4720: [
    'invalid-destination-address',
    "The recipient's carrier does not know the number, or the recipient blocks toll-free numbers.",
  ],
  4721: ['destination-tn-deactivated', "The recipient's number has been given up."],
  4730: ['no-route-to-destination-carrier', "There is no route to the recipient's carrier."],
  4735: ['too-many-recipients', 'The message has more recipients than the carrier takes.'],
  4740: ['invalid-source-address-address', "The recipient's carrier does not accept the sender's number."],
  4750: ['destination-rejected-message', "The recipient's carrier rejected it without a reason; often as spam."],
  4751: ['destination-rejected-message-size-invalid', "The recipient's carrier rejected its size."],
  4752: ['destination-rejected-malformed', "The recipient's carrier could not read it."],
  4753: ['destination-rejected-handset', "The recipient's telephone rejected it."],
  4754: ['unsupported-channel', "The recipient's telephone or carrier does not take this kind of message."],
  4770: ['destination-spam-detected', "The recipient's carrier took it for spam."],
  4771: ['rejected-shortened-url', "The recipient's carrier rejects shortened links."],
  4772: ['rejected-tn-blocked', "The recipient's carrier blocks the sender's number."],
  4773: ['inactive-campaign', "The campaign of the sender's number is not active."],
  4774: ['provisioning-issue', "The sender's number is not set up completely with the carrier."],
  4775: ['destination-rejected-due-to-user-opt-out', 'The recipient has opted out of messages from this number.'],
  4780: ['volume-violation-tmo', "T-Mobile's limit for this sender is reached."],
  4781: ['volume-violation-att', "AT&T's limit for this sender is reached."],
  4785: ['volumetric-violation', "The carrier's limit for this sender is reached."],
  4790: ['destination-rejected-sc-not-allowed', "The recipient's carrier does not allow this short code."],
  4791: ['destination-rejected-campaign-not-allowed', "The recipient's carrier does not allow this campaign."],
  4792: ['destination-rejected-sc-not-provisioned', "The short code is not set up with the recipient's carrier."],
  4793: ['destination-rejected-sc-expired', 'The short code has expired.'],
  4794: ['destination-rejected-expired', 'It expired before the carrier could deliver it.'],
  4795: ['tfn-not-verified', 'The toll-free number is not verified.'],
  5100: ['temporary-app-error', 'Bandwidth failed for a moment.'],
  5101: ['temporary-app-shutdown', 'Bandwidth failed for a moment: a part of it was restarting.'],
  5106: ['impossible-to-route', 'Bandwidth found no route.'],
  5111: ['temporary-app-connection-closed', 'Bandwidth failed for a moment: a connection was closed.'],
  5112: ['application-error', 'Bandwidth failed.'],
  5143: ['application-error', 'Bandwidth failed.'],
  5144: ['application-error', 'Bandwidth failed.'],
  5146: ['application-error', 'Bandwidth failed.'],
  5201: ['temporary-rout-error-retries-exceeded', 'Bandwidth tried to route it too often without success.'],
  5211: ['temporary-app-error-app-busy', 'Bandwidth was too busy.'],
  5220: ['temporary-store-error', 'Bandwidth could not store it.'],
  5229: ['tn-to-campaign-provisioning-error', "The sender's number could not be matched with its campaign."],
  5231: ['discarded-concatenation-timeout', 'A part of a long message was missing.'],
  5500: ['message-send-failed', 'Bandwidth could not send it.'],
  5501: ['message-send-failed', 'Bandwidth could not send it: there is no destination.'],
  5503: ['service-unavailable', "Bandwidth's service was not available."],
  5999: ['unknown-error', 'Bandwidth failed without saying why.'],
  5600: ['destination-carrier-queue-full', "The recipient's carrier has too many messages waiting."],
  5610: ['submit_sm-or-submit_multi-failed', "The recipient's carrier failed to take it."],
  5620: ['destination-app-error', "The recipient's carrier failed, or blocks senders that are not registered."],
  5630: ['message-not-acknowle', "The recipient's carrier did not confirm it."],
  5650: ['destination-failed', "The recipient's carrier failed."],
  9902: ['delivery-receipt-expired', 'No receipt came within two hours: it may have been delivered or not.'],
  9999: ['unknown-error', 'It failed for a reason that nobody named.'],
};

/** The codes of 2017 had three digits; each means what one of today's means. */
const CODES_OF_2017: Readonly<Record<number, number>> = {
  ...{ 100: 9999, 187: 4470, 188: 4470, 189: 4470, 482: 4401 },
  ...{ 600: 5600, 610: 5610, 620: 5620, 630: 5630, 650: 5650 },
  ...{ 720: 4720, 740: 4740, 750: 4750, 751: 4751, 770: 4770, 775: 4775, 902: 9902, 999: 9999 },
};

/** The failure behind a code. A code that is not in the list still tells its origin by its digits. */
export function failureOf(code: number): DeliveryFailure {
  const today = CODES_OF_2017[code] ?? code;
  const [name, meaning] = MEANINGS[today] ?? ['unknown', 'Catapult gave a code that is not documented.'];
  return { code, name, meaning, ...classOf(today) };
}

/** All that is documented, by their codes. */
export const documentedFailures = (): DeliveryFailure[] => Object.keys(MEANINGS).map((code) => failureOf(Number(code)));

/**
 * The first digit says who erred: 4 the sender's side, 5 the service. The second says who found it: 7 of the 4xxx and 6
 * of the 5xxx is the carrier, all else Bandwidth. A 4xxx fails again when it is repeated; a 5xxx may pass later.
 */
function classOf(code: number): Pick<DeliveryFailure, 'origin' | 'retryable'> {
  const kind = Math.floor(code / 1000);
  const finder = Math.floor(code / 100) % 10;
  if (kind === 4) return { origin: finder === 7 ? 'CARRIER' : 'CLIENT', retryable: false };
  if (kind === 5) return { origin: finder === 6 ? 'CARRIER' : 'BANDWIDTH', retryable: true };
  return { origin: 'UNCLEAR', retryable: false };
}

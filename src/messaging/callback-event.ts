/** What callbacks bring, as every part of the service passes it on. */
import type { DeliveryEvent } from './delivery.js';
import type { Message } from './message.js';

export type CallbackEvent =
  | { readonly kind: 'delivery'; readonly event: DeliveryEvent }
  | { readonly kind: 'received'; readonly message: Message }
  /** Understood, but no state of a delivery. */
  | { readonly kind: 'other'; readonly event: OtherEvent }
  /** `count` events of a body that cannot be understood, now or later; `body` is what came, or its beginning. */
  | { readonly kind: 'strange'; readonly count: number; readonly body: string };

/** An event of another kind, such as that a message was read. */
export interface OtherEvent {
  readonly messageId: string;
  readonly type: string;
  /** The event as it came, as JSON. */
  readonly body: string;
}

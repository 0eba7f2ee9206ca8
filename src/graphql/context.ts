/** What belongs to one GraphQL request. */
export interface RequestContext {
  /** Stands in the answer's errors, in its `x-request-id` header and in the log. */
  readonly requestId: string;
}

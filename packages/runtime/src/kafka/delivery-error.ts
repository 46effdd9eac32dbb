/** Why a record was not acknowledged. */
export interface DeliveryError {
  /** librdkafka's: negative for the client's own, else Kafka's. −1 where the portable producer only has words for it. */
  readonly code: number
  readonly message: string
  /** The broker may have it all the same: its answer was lost, and another try may write it a second time. */
  readonly mayBeWritten: boolean
}

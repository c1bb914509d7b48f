// Compiles under --strict against the package as it is installed; it never runs.
import {
  createFraudClient,
  createFraudTransport,
  fieldViolations,
  FraudActivityService,
  OutcomeLabel,
  reasonOf,
  retryDelay,
  View,
  watch,
  type Caller,
  type ErrorReason,
  type FraudActivity,
  type FraudClient,
  type Reason,
} from "@grpcgoesbrrr/client";

const fraud: FraudClient = createFraudClient({ baseUrl: "/", key: async () => undefined });

export async function calls(): Promise<Caller> {
  const answer: FraudActivity = await fraud.getFraudActivity({ transactionId: "t", view: View.EXPLAINED });
  const contributions: Reason[] = answer.assessment?.reasons ?? [];
  const threshold: number | undefined = answer.assessment?.threshold;
  await fraud.reportOutcome({ transactionId: "t", outcome: OutcomeLabel.WITHDRAWN });
  // @ts-expect-error a field that the contract does not know
  await fraud.getFraudActivity({ transactionID: "t" });
  // @ts-expect-error a procedure that the contract does not know
  await fraud.deleteEverything({});
  // @ts-expect-error the assessment is absent in VIEW_BASIC
  answer.assessment.reasons;
  void [contributions, threshold];
  return fraud.getCaller({});
}

export function errors(error: unknown): string {
  const reason: ErrorReason | undefined = reasonOf(error);
  switch (reason) {
    case "QUEUE_FULL":
      return `again in ${retryDelay(error) ?? 0} ms`;
    case "INVALID_ARGUMENT":
      return fieldViolations(error).map(({ field, description }) => `${field}: ${description}`).join();
    // @ts-expect-error no such reason
    case "QUEUE_FUL":
    case undefined:
      return "not reached";
    default:
      return reason;
  }
}

export async function feed(): Promise<void> {
  const reader = new AbortController();
  for await (const { event } of watch(fraud, { filter: { predictedLabel: true } }, {
    signal: reader.signal,
    onState: (state) => {
      if (state.state === "reconnecting") void [state.error.code, state.delayMs];
      // @ts-expect-error only while it reconnects
      state.error;
    },
  })) {
    if (event.case === "fraudActivity") void event.value.fraudProbability;
    // @ts-expect-error a heartbeat has none
    if (event.case === "heartbeat") void event.value.fraudProbability;
  }
}

// @ts-expect-error the address is missing
createFraudTransport({ key: "brrr_id_secret" });
// @ts-expect-error no such protocol
createFraudTransport({ baseUrl: "/", protocol: "soap" });
void FraudActivityService.method.getModel.name;

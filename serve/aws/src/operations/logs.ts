/** @module Log lines of a deployment's function, servers or MLflow. */
import {
  CloudWatchLogsClient,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";

/** How much later than others an event may arrive, in milliseconds. */
const LATE_MS = 120_000;

export function logGroupOf(name: string, part: "lambda" | "ec2" | "tracking"): string {
  return { lambda: `/aws/lambda/${name}-predict`, ec2: `/${name}/server`, tracking: `/${name}/mlflow` }[part];
}

/**
 * Yields the lines of the last `minutes`, oldest first; with `follow` it continues until the process ends, also with lines
 * of other machines that arrive late.
 * @throws {Error} when the group does not exist
 */
export async function* logLines(
  group: string,
  { minutes, follow, now = Date.now() }: { minutes: number; follow: boolean; now?: number },
): AsyncGenerator<string> {
  const client = new CloudWatchLogsClient();
  let from = now - minutes * 60_000;
  const seen = new Map<string, number>();
  do {
    try {
      const query = { logGroupName: group, startTime: from };
      for await (const { events = [] } of paginateFilterLogEvents({ client }, query)) {
        for (const { eventId = "", timestamp = 0, message = "" } of events) {
          if (seen.has(eventId)) continue;
          seen.set(eventId, timestamp);
          from = Math.max(from, timestamp - LATE_MS);
          yield `${new Date(timestamp).toISOString()} ${message.trimEnd()}`;
        }
      }
    } catch (error) {
      if (error instanceof ResourceNotFoundException)
        throw new Error(`There is no log group ${group}: nothing is deployed there yet (histo deploy status).`);
      throw error;
    }
    for (const [id, timestamp] of seen) if (timestamp < from) seen.delete(id);
    if (follow) await new Promise((resolve) => setTimeout(resolve, 2000));
  } while (follow);
}

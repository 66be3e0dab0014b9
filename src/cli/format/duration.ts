/** How long ago, as people say it (docker's units.HumanDuration). */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_H = 24;

export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / SECOND_MS);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(durationMs / MINUTE_MS);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(durationMs / HOUR_MS + 0.5);
  if (hours === 1) return "About an hour";
  return longDuration(hours, Math.trunc(durationMs / HOUR_MS));
}

function longDuration(hours: number, wholeHours: number): string {
  const days = Math.trunc(hours / DAY_H);
  if (hours < 2 * DAY_H) return `${hours} hours`;
  if (hours < 14 * DAY_H) return `${days} days`;
  if (hours < 60 * DAY_H) return `${Math.trunc(days / 7)} weeks`;
  if (hours < 2 * 365 * DAY_H) return `${Math.trunc(days / 30)} months`;
  return `${Math.trunc(wholeHours / DAY_H / 365)} years`;
}

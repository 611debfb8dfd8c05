import { Redis } from "ioredis";
import { UsageError } from "../terminal/usage-error.ts";

/** How long Redis may take to answer at first. */
const CONNECT_MS = 5000;

/** Where Redis is, as ioredis and BullMQ take it. */
export type RedisPlace = {
  host: string;
  port: number;
  db: number;
  username?: string;
  password?: string;
  tls?: object;
};

/**
 * The place that a URL says: `redis://[user:password@]host[:port][/database]`, `rediss://` with TLS.
 *
 * @throws UsageError for another URL
 */
export function redisPlace(url: string): RedisPlace {
  const refuse = (got: string) =>
    new UsageError(`--queue: expected a URL such as redis://:password@host:6379/0, got ${got}`);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw refuse("what is no URL");
  }
  const { protocol, hostname, port, pathname, username, password } = parsed;
  if (protocol !== "redis:" && protocol !== "rediss:") throw refuse(`one of ${protocol}//`);
  if (hostname === "") throw refuse("one without a host");
  const database = pathname.replace(/^\//, "");
  if (!/^\d*$/.test(database)) throw refuse(`one of database ${database}`);
  return {
    // The brackets of an IPv6 address are the URL's.
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || 6379),
    db: Number(database || 0),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(protocol === "rediss:" && { tls: {} }),
  };
}

/**
 * Connects once and asks for a sign of life, so that what is wrong is said before any work.
 *
 * @throws UsageError with Redis's or the system's reason
 */
export async function checkRedis(place: RedisPlace): Promise<void> {
  const redis = new Redis({
    ...place,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: CONNECT_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  let reason: string | undefined;
  redis.on("error", (error: Error) => {
    reason ??= error.message;
  });
  const { host, port } = place;
  try {
    await redis.connect();
    await redis.ping();
    if (reason !== undefined) throw new Error(reason);
  } catch (error) {
    throw new UsageError(
      `--queue: expected Redis at ${host}:${port}, got: ${reason ?? (error as Error).message}`,
    );
  } finally {
    redis.disconnect();
  }
}

/** Whether Redis gives a sign of life now. */
export async function answers(place: RedisPlace): Promise<boolean> {
  return checkRedis(place).then(
    () => true,
    () => false,
  );
}

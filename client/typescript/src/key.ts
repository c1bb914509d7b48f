import type { Interceptor } from "@connectrpc/connect";

type MaybeKey = string | undefined;

/**
 * `brrr_<id>_<secret>`, or what gives it at each call, such as a console's
 * sign-in. Without one the call goes out without a key, and is refused.
 */
export type Key = MaybeKey | (() => MaybeKey | Promise<MaybeKey>);

/** Shows the key with every call, and with every repeat of it. */
export function showKey(key: Key): Interceptor {
  return (next) => async (req) => {
    const now = typeof key === "function" ? await key() : key;
    if (now) req.header.set("Authorization", `Bearer ${now}`);
    return next(req);
  };
}

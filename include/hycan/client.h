/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The connection to the HyCAN daemon: opening it, waiting on it, and what went wrong.
 *
 * The library has no loop, no threads, no log and no global state. A program that only calls the functions of
 * <hycan/operations.h> needs hycan_open() and hycan_close() alone. A program with a loop of its own watches hycan_fd()
 * for hycan_events() and calls hycan_process() when it is ready.
 *
 * A struct hycan belongs to one thread at a time, and after fork(2) to one of the two processes.
 */
#ifndef HYCAN_CLIENT_H
#define HYCAN_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A connection to the daemon. */
struct hycan;

struct hycan_transaction_run_options;
struct hycan_transaction_run_reply;

/**
 * The answer to a request that was sent without waiting.
 *
 * @param result 0: done; above 0: refused (enum hycan_refusal); -errno: the connection failed
 * @param reply  the answer, in the structure that the operation's reply describes; of a list, an array of n of them;
 *               NULL unless result is 0. It is the library's and gone when the callback returns.
 * @param n      number of answers of a list; else 1
 *
 * Of a stream (operation->stream, as event.subscribe) the callback is called for each answer as it comes, with n 1 and
 * reply a single structure; and then once more, with n 0, when it has ended, or with the result that ended it:
 * -ECONNRESET when the connection was lost. A stream is not begun again by itself.
 *
 * hycan_error_message() has the sentence while the callback runs. It may send further requests; it must not close the
 * connection.
 */
typedef void hycan_callback(struct hycan *h, int result, const void *reply, size_t n, void *userdata);

/**
 * Connects to the daemon.
 *
 * With @p path NULL it is the socket $HYCAN_DAEMON_SOCKET where that is set, else the first that works of
 * /var/run/hycan_daemon.sock and /tmp/hycan_daemon.sock. A server that runs neither as root nor as the caller's own user
 * is not trusted (-EPERM).
 *
 * A path “vsock:CID” or “vsock:CID:PORT”, also in the variable, is the daemon of another machine: the host of this guest
 * (2), or a guest of this host (vsock(7)); the port is 50052 unless it is given. The kernels see to it that it is that
 * machine, and nobody to which program it is there, unless the port is below 1024: then it is a privileged one.
 * Descriptors cannot be sent there.
 *
 * With @p path NULL and no daemon to be reached, a caller that holds CAP_NET_ADMIN (capabilities(7)) is served by a
 * private daemon on a socket pair, which ends with the connection. HYCAN_NO_FALLBACK=1 in the environment forbids that.
 *
 * The greeting, session.hello, goes out with the first request: a daemon that speaks another version, or a server that
 * is no HyCAN daemon (-EPROTO), shows with the first answer. A connection that is lost is made anew, the same way, by the
 * next request. Only what was chosen for the connection itself does not come back by itself: its network namespace
 * (session.netns), and how long it holds things (session.lifetime, session.adopt). Then the request that finds the
 * connection lost fails with -ECONNRESET, and so does every other until that is asked for again: hycan_session_adopt() with
 * hycan_token() goes on with what was held, where that had a grace or leases; hycan_session_lifetime() begins with nothing.
 *
 * @param ret_h the connection: hycan_close() it. It is set on failure too, where memory allows, so that
 *              hycan_error_message() can tell why; NULL otherwise.
 * Returns 0, or -errno: -ENOENT or -ECONNREFUSED where there is no daemon, -EACCES where the socket's mode forbids,
 * -EPERM where the server cannot be trusted, -EAGAIN where too many others wait to be connected.
 */
int hycan_open(struct hycan **ret_h, const char *path);

/** The same, with hycan_set_timeout() from the beginning: so long it waits for a daemon whose queue is full, too. */
int hycan_open_within(struct hycan **ret_h, const char *path, int milliseconds);

/** Closes the connection; requests that are under way get -ECANCELED. NULL is allowed. */
void hycan_close(struct hycan *h);

/**
 * How long a blocking call waits in milliseconds; -1: for ever. At first 30000. What was not answered in time
 * (-ETIMEDOUT) may still be carried out, unless hycan_error_message() says that it was not sent.
 */
void hycan_set_timeout(struct hycan *h, int milliseconds);

/**
 * Whether requests that create something are refused (HYCAN_REFUSAL_EXISTS) when the same is there already (NLM_F_EXCL,
 * netlink(7)). At first not: then that is a success.
 */
void hycan_set_exclusive(struct hycan *h, bool exclusive);

/** The sentence that explains the last failure on this connection; "" after a success. Never NULL, also for h NULL. */
const char *hycan_error_message(const struct hycan *h);

/** The field at fault in the last refusal, as the schema names it; "" where there is none. */
const char *hycan_error_field(const struct hycan *h);

/** The step of a transaction, from 0, that the last refusal was about; -1 where it was about none. */
int hycan_error_step(const struct hycan *h);

/** The word for a refusal (“not_found”), or the text of an errno (strerror(3)). */
const char *hycan_result_name(int result);

/** Path of the socket that is used; "" for a private daemon. */
const char *hycan_path(const struct hycan *h);

/**
 * The token of the session that this connection has: who keeps it can go on with what the session holds over another
 * connection (hycan_session_adopt()), also after a crash. "" before the first answer of the daemon. It is another one when
 * the library had to connect anew, or when the connection has adopted another session. Where session.lifetime or
 * session.adopt was lost with a connection (hycan_open()), it is the one of before until that was asked for again. A session
 * that another connection has adopted meanwhile is that one's; its former connection is not told, and has this token still.
 */
const char *hycan_token(const struct hycan *h);

/** Descriptor to watch, with poll(2) or the like; it may change when hycan_process() has reconnected. -1 when closed. */
int hycan_fd(const struct hycan *h);

/** What to watch for: POLLIN, and POLLOUT while something waits to be sent. */
short hycan_events(const struct hycan *h);

/**
 * Sends and receives what can be sent and received without waiting, and calls the callbacks of what was answered.
 * Returns the number of callbacks called, or -errno when the connection was lost. Requests under way then got
 * -ECONNRESET: they may have been carried out, and are not repeated. Requests of which not a byte had been sent are sent
 * over a new connection, or fail with the reason why there is none. The next request connects anew.
 */
int hycan_process(struct hycan *h);

/**
 * Waits until something can be sent or received, at most so many milliseconds (-1: for ever), and does hycan_process(): for
 * a program that has no loop of its own. Returns the number of callbacks called, 0 also after a signal or when nothing
 * came, or -errno as hycan_process() does.
 */
int hycan_wait(struct hycan *h, int milliseconds);

/** Sequence number of the request that was sent last: of a subscription, what event.unsubscribe wants to know. */
uint32_t hycan_sequence(const struct hycan *h);

/** Number of requests under way, those that timed out and are still unanswered among them. */
size_t hycan_pending(const struct hycan *h);

/**
 * Sends any operation without waiting. @p request is the structure that operation->request describes; it is read before
 * the function returns. Descriptors in it are neither duplicated nor closed, and must stay open until the callback.
 *
 * The callback is called exactly once, of a stream more often, by hycan_process(), by a blocking call or by hycan_close(); NULL for none.
 * Returns 0, or -errno, and then it is not called; an unsendable value is -EINVAL with its sentence in
 * hycan_error_message().
 */
int hycan_send(struct hycan *h, const struct hycan_operation *operation, const void *request, hycan_callback *callback,
               void *userdata);

/**
 * Sends any operation and waits for its answer.
 *
 * @param ret_reply one block of memory with the structure that operation->reply describes, of a list an array: free() it.
 *                  NULL in it where the operation answers nothing.
 * @param ret_n     number of answers of a list; else 1
 * Returns 0, a refusal, or -errno.
 */
int hycan_call(struct hycan *h, const struct hycan_operation *operation, const void *request, void **ret_reply, size_t *ret_n);

/**
 * Begins a transaction: from now on requests on this connection that change something are kept instead of sent, and
 * succeed at once. Requests that only read are sent as ever. What a kept request would answer is in the answer to the
 * commit: what is returned through a pointer is zero. Returns 0 or -errno, -EBUSY where one is begun already.
 */
int hycan_transaction_begin(struct hycan *h);

/**
 * Sends what was kept as one request (transaction.run), and waits: all of it is done, or nothing. The transaction is
 * over, whatever becomes of it. A request that could not be kept is the failure of the transaction: it is not sent.
 *
 * @param options   what may be given beside, such as that it is a plan only; NULL for nothing
 * @param ret_reply what became of each step, in one block of memory: free() it; NULL to ignore it
 * Returns 0, the refusal of the step that hycan_error_step() tells, or -errno.
 */
int hycan_transaction_commit(struct hycan *h, const struct hycan_transaction_run_options *options,
                             struct hycan_transaction_run_reply **ret_reply);

/** Forgets what was kept, and ends the transaction. */
void hycan_transaction_abandon(struct hycan *h);

#ifdef __cplusplus
}
#endif

#endif

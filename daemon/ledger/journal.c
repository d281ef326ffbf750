/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's file: a head, and records that begin at multiples of eight.
 *
 * Room is taken from the file system before it is written to (fallocate(2)), so a full one is an answer and no SIGBUS.
 * Address space is reserved once for the largest journal there can be: the file grows and the mapping stays.
 *
 * What this file does not do: know what a record means, or sync anything to a disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "journal.h"

/* Most bytes of a journal. */
#define SIZE_MAX_JOURNAL (UINT64_C(1) << 30)

/* The file grows by so much at least, or by an eighth. */
#define GROWTH_MIN (64u << 10)

#define MAGIC   "HyCANldg"
#define VERSION 1

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

struct head {
	char magic[8];
	uint32_t version;
	uint32_t size; /* of the head */
	char boot_id[40];
	uint8_t reserved[8];
};

struct record {
	uint32_t size; /* with this header; 0: nothing is here yet */
	uint32_t type;
	uint8_t bytes[];
};

struct journal {
	int fd;
	uint8_t *map;
	size_t used;
	size_t room;     /* size of the file */
	size_t promised; /* of what is free */
	char *path;
};

static size_t aligned(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static struct record *record_at(const struct journal *j, size_t offset)
{
	return (struct record *)(void *)(j->map + offset);
}

/* ------------------------------------------------------------------------------------------------------------ the file */

/* An empty text where the kernel does not say: then no file is that of another boot. */
static void read_boot_id(char *text, size_t size)
{
	_cleanup_close_ int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static int grow(struct journal *j, size_t room)
{
	size_t more = room - j->room;

	if (room > SIZE_MAX_JOURNAL)
		return -ENOSPC;
	if (more < j->room / 8)
		more = j->room / 8;
	more = (more + GROWTH_MIN - 1) / GROWTH_MIN * GROWTH_MIN;
	if (more > SIZE_MAX_JOURNAL - j->room)
		more = SIZE_MAX_JOURNAL - j->room;
	while (fallocate(j->fd, 0, (off_t)j->room, (off_t)more) < 0)
		if (errno != EINTR)
			return errno == EFBIG || errno == EDQUOT ? -ENOSPC : -errno;
	j->room += more;
	return 0;
}

static int begin_file(struct journal *j)
{
	struct head head = { .magic = MAGIC, .version = VERSION, .size = sizeof(head) };
	int r;

	if (ftruncate(j->fd, 0) < 0)
		return -errno;
	j->room = 0;
	r = grow(j, GROWTH_MIN);
	if (r < 0)
		return r;
	read_boot_id(head.boot_id, sizeof(head.boot_id));
	memcpy(j->map, &head, sizeof(head));
	j->used = sizeof(head);
	return 0;
}

/* A file that another user may write to, or reach by another name, is not one to believe. */
static int check_file(const struct journal *j, struct stat *ret_st)
{
	struct stat st, now;

	if (fstat(j->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 077 || st.st_nlink > 1)
		return -EPERM;
	/* while the lock was waited for, the name may have gone to another file */
	if (lstat(j->path, &now) < 0 || now.st_ino != st.st_ino || now.st_dev != st.st_dev)
		return -EBUSY;
	*ret_st = st;
	return 0;
}

static int check_head(struct journal *j)
{
	struct head head;
	char boot_id[sizeof(head.boot_id)];

	if (j->room < sizeof(head))
		return j->room == 0 ? begin_file(j) : -EBADMSG;
	memcpy(&head, j->map, sizeof(head));
	if (memcmp(head.magic, MAGIC, sizeof(head.magic)) != 0 || head.version != VERSION || head.size != sizeof(head))
		return -EBADMSG;
	read_boot_id(boot_id, sizeof(boot_id));
	if (strncmp(boot_id, head.boot_id, sizeof(boot_id)) != 0)
		return begin_file(j);
	j->used = sizeof(head);
	return 0;
}

static int open_file(const char *path, int flags, struct journal **ret_journal)
{
	_cleanup_(journal_free) struct journal *j = calloc(1, sizeof(*j));
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st = { 0 };
	int r;

	if (!j)
		return -ENOMEM;
	j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | flags, 0600);
	if (j->fd < 0)
		return errno == ELOOP || errno == EISDIR ? -EPERM : -errno;
	j->path = strdup(path);
	if (!j->path)
		return -ENOMEM;
	/* of this process alone: a child that inherits the descriptor keeps nobody out when this one is gone */
	if (fcntl(j->fd, F_SETLK, &lock) < 0)
		return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
	r = check_file(j, &st);
	if (r < 0)
		return r;
	j->map = mmap(NULL, SIZE_MAX_JOURNAL, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, j->fd, 0);
	if (j->map == MAP_FAILED) {
		j->map = NULL;
		return -errno;
	}
	/* names and networks are nobody's business in a core dump */
	(void)madvise(j->map, SIZE_MAX_JOURNAL, MADV_DONTDUMP);
	j->room = (uint64_t)st.st_size < SIZE_MAX_JOURNAL ? (size_t)st.st_size : SIZE_MAX_JOURNAL;
	*ret_journal = steal(&j);
	return 0;
}

int journal_open(const char *path, struct journal **ret_journal)
{
	_cleanup_(journal_free) struct journal *j = NULL;
	int r = open_file(path, 0, &j);

	if (r == 0)
		r = check_head(j);
	if (r == 0)
		*ret_journal = steal(&j);
	return r;
}

int journal_create(const char *path, struct journal **ret_journal)
{
	_cleanup_(journal_free) struct journal *j = NULL;
	int r;

	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	r = open_file(path, O_EXCL, &j);
	if (r == 0)
		r = begin_file(j);
	if (r == 0)
		*ret_journal = steal(&j);
	return r;
}

void journal_free(struct journal **journal)
{
	struct journal *j = *journal;

	if (!j)
		return;
	if (j->map)
		munmap(j->map, SIZE_MAX_JOURNAL);
	cleanup_close(&j->fd);
	free(j->path);
	free(j);
	*journal = NULL;
}

int journal_find(const struct journal *j)
{
	struct stat ours, there;

	if (fstat(j->fd, &ours) < 0)
		return -errno;
	if (stat(j->path, &there) < 0)
		return errno == ENOENT || errno == ENOTDIR ? -ESTALE : -errno;
	return ours.st_dev == there.st_dev && ours.st_ino == there.st_ino ? 0 : -ESTALE;
}

/* By way of the other name: what is to have that is never called as what was only begun, which whoever finds it removes. */
static int exchange(const char *from, const char *path, const char *aside)
{
	int r;

	if (rename(from, aside) < 0)
		return -errno;
	if (renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return 0;
	r = -errno;
	(void)rename(aside, from);
	return r;
}

static int take_name(const char *from, const char *path, const char *aside)
{
	return aside && exchange(from, path, aside) == 0 ? 0 : rename(from, path);
}

int journal_rename(struct journal *j, const char *path, const char *aside)
{
	char *name = strdup(path);

	if (!name)
		return -ENOMEM;
	if (take_name(j->path, path, aside) < 0) {
		free(name);
		return -errno;
	}
	free(j->path);
	j->path = name;
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------- records */

int journal_read(struct journal *j, journal_record *record, void *userdata)
{
	size_t at = sizeof(struct head);
	uint32_t size;
	int r = 0;

	j->used = at;
	while (r == 0 && j->room - at >= sizeof(struct record)) {
		struct record *now = record_at(j, at);

		size = __atomic_load_n(&now->size, __ATOMIC_ACQUIRE);
		if (size == 0)
			break;
		if (size < sizeof(*now) || size > j->room - at)
			return -EBADMSG;
		r = record(now->type, now->bytes, size - sizeof(*now), userdata);
		at = aligned(at + size);
		if (at > j->room)
			return r ? r : -EBADMSG;
		j->used = at;
	}
	return r;
}

/* Room for a record beside so many bytes. */
static void *reserve(struct journal *j, size_t size, size_t beside)
{
	/* the size of the record behind this one is there, and zero */
	size_t room = j->used + aligned(sizeof(struct record) + size) + beside + sizeof(struct record);
	int r = 0;

	if (size > SIZE_MAX_JOURNAL)
		r = -ENOSPC;
	else if (room > j->room)
		r = grow(j, room);
	if (r < 0) {
		errno = -r;
		return NULL;
	}
	return record_at(j, j->used)->bytes;
}

void *journal_reserve(struct journal *j, size_t size)
{
	return reserve(j, size, j->promised);
}

void *journal_reserve_promised(struct journal *j, size_t size)
{
	return reserve(j, size, 0);
}

int journal_promise(struct journal *j, size_t size)
{
	if (!journal_reserve(j, size))
		return -errno;
	j->promised += size;
	return 0;
}

void journal_release(struct journal *j, size_t size)
{
	j->promised -= size;
}

size_t journal_promised(const struct journal *j)
{
	return j->promised;
}

void journal_commit(struct journal *j, uint32_t type, size_t size)
{
	struct record *now = record_at(j, j->used);

	now->type = type;
	j->used += aligned(sizeof(*now) + size);
	/* somebody who was killed may have written more than this */
	record_at(j, j->used)->size = 0;
	__atomic_store_n(&now->size, (uint32_t)(sizeof(*now) + size), __ATOMIC_RELEASE);
}

void journal_wipe(struct journal *j, const void *bytes, size_t size)
{
	explicit_bzero(j->map + ((const uint8_t *)bytes - j->map), size);
}

size_t journal_used(const struct journal *j)
{
	return j->used;
}

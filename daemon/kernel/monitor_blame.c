/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who changed WireGuard, of which the kernel announces nothing.
 *
 * What is found to be otherwise was changed since the time before. So the requests of that time are kept, with what each of them was
 * about; those that say afterwards that they sent no change are dropped. Where one alone may have changed a thing, it is the cause;
 * where several may have, nobody can tell, and nobody is named.
 */
#include <string.h>

#include "monitor_state.h"

static bool is_of_same_interface(const struct suspect *s, const char *name)
{
	return strncmp(s->mark.link, name, sizeof(s->mark.link)) == 0;
}

static bool is_same_request(const struct kernel_mark *a, const struct kernel_mark *b)
{
	return a->request == b->request && a->subject == b->subject && a->pid == b->pid && a->repair == b->repair;
}

static bool is_about_same(const struct kernel_mark *a, const struct kernel_mark *b)
{
	return a->operation == b->operation && a->has_peer == b->has_peer && strncmp(a->link, b->link, sizeof(a->link)) == 0 &&
	       memcmp(a->peer, b->peer, sizeof(a->peer)) == 0;
}

static struct suspect *find(struct monitor_blame *b, uint32_t port, const struct kernel_mark *mark)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->suspect[i].port == port && is_same_request(&b->suspect[i].mark, mark) &&
		    is_about_same(&b->suspect[i].mark, mark))
			return &b->suspect[i];
	return NULL;
}

/* The suspect that it is from now on; NULL: it is none. */
static struct suspect *suspect(struct kernel_monitor *m, uint32_t port, const struct kernel_mark *mark)
{
	struct monitor_blame *b = &m->blame;
	struct suspect *s = find(b, port, mark);

	if (!mark->begin && s && !mark->changed) {
		*s = b->suspect[--b->n];
		return NULL;
	}
	if (!s && b->n == SUSPECTS_MAX) {
		b->too_many = true;
		return NULL;
	}
	if (!s)
		s = &b->suspect[b->n++];
	*s = (struct suspect){ .mark = *mark, .port = port, .at = m->n_marks, .under_way = mark->begin };
	return s;
}

void monitor_blame_mark(struct kernel_monitor *m, uint32_t port, const struct kernel_mark *mark)
{
	(void)suspect(m, port, mark);
}

void monitor_blame_link(struct kernel_monitor *m, const struct kernel_mark *mark, const char *name)
{
	struct kernel_mark about = *mark;
	struct suspect *s;

	/* those about WireGuard say it themselves */
	if (mark->looks & KERNEL_BIT(KERNEL_WIREGUARD))
		return;
	about.begin = about.has_peer = about.about_peers = 0;
	about.changed = 1;
	memset(about.link, 0, sizeof(about.link));
	memcpy(about.link, name, strnlen(name, sizeof(about.link) - 1));
	s = suspect(m, 0, &about);
	if (s)
		s->later = m->wireguard.is_read;
}

void monitor_blame_read(struct kernel_monitor *m)
{
	m->blame.read_at = m->n_marks;
}

void monitor_blame_done(struct kernel_monitor *m)
{
	struct monitor_blame *b = &m->blame;

	for (size_t i = 0; i < b->n;) {
		struct suspect *s = &b->suspect[i];

		if (s->under_way || s->later || s->at > b->read_at) {
			s->later = false;
			i++;
		} else {
			*s = b->suspect[--b->n];
		}
	}
	b->too_many = false;
}

void monitor_blame_forget(struct kernel_monitor *m)
{
	m->blame.n = 0;
	m->blame.too_many = false;
}

/* How near a request is to a thing: 2, it is about that; 1, it may have to do with it; 0, it is about something else. */
static int nearness(const struct suspect *s, const char *name, const uint8_t *peer)
{
	if (!is_of_same_interface(s, name))
		return 0;
	if (!peer)
		return s->mark.about_peers ? 0 : 2;
	if (s->mark.has_peer)
		return memcmp(s->mark.peer, peer, sizeof(s->mark.peer)) == 0 ? 2 : 1;
	return s->mark.about_peers ? 2 : 1;
}

enum kernel_origin monitor_blame(const struct kernel_monitor *m, const char *name, const uint8_t *peer,
                                 const struct kernel_mark **ret_mark)
{
	const struct monitor_blame *b = &m->blame;
	const struct kernel_mark *mark = NULL;
	bool several = false;
	int nearest = 1;

	for (size_t i = 0; i < b->n; i++) {
		int near = nearness(&b->suspect[i], name, peer);

		if (near < nearest)
			continue;
		several = near == nearest && mark && (several || !is_same_request(mark, &b->suspect[i].mark));
		mark = near == nearest && mark ? mark : &b->suspect[i].mark;
		nearest = near;
	}
	*ret_mark = several ? NULL : mark;
	if (several || b->too_many)
		return KERNEL_BY_SOMEBODY;
	return mark ? KERNEL_DURING : KERNEL_BY_STRANGER;
}

// SPDX-License-Identifier: GPL-2.0
/* Reads and writes .cdm files: a header, then records as they flow, refreshes as changes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "record/delta.h"

#define BYTE_ORDER_MARK	0x01020304
#define BUFFER		(256 << 10)

void cdm_file_header_init(struct cdm_file_header *h)
{
	struct utsname uts;

	memset(h, 0, sizeof(*h));
	memcpy(h->magic, CDM_FILE_MAGIC, sizeof(h->magic));
	h->byte_order = BYTE_ORDER_MARK;
	h->version = CDM_FILE_VERSION;
	h->header_len = sizeof(*h);
	h->page_size = sysconf(_SC_PAGESIZE);
	h->wall_ns = cdm_clock_ns(CLOCK_REALTIME);
	h->boot_ns = cdm_clock_ns(CLOCK_BOOTTIME);
	if (uname(&uts))
		return;
	snprintf(h->release, sizeof(h->release), "%.*s", (int)sizeof(h->release) - 1, uts.release);
	snprintf(h->host, sizeof(h->host), "%.*s", (int)sizeof(h->host) - 1, uts.nodename);
}

struct cdm_writer {
	struct cdm_file file;
	int err;		/* the first one, -errno */
	__u64 bytes;
	struct cdm_encoder encoder;
	size_t fill;
	char buf[BUFFER];
};

static void writer_free(struct cdm_writer *w)
{
	cdm_encoder_free(&w->encoder);
	free(w);
}

static void write_all(struct cdm_writer *w, const void *data, size_t len)
{
	if (!w->err)
		w->err = cdm_write(w->file.fd, data, len);
}

int cdm_writer_flush(struct cdm_writer *w)
{
	write_all(w, w->buf, w->fill);
	w->fill = 0;
	return w->err;
}

static void put(void *ctx, const void *data, size_t len)
{
	struct cdm_writer *w = ctx;

	if (w->fill + len > sizeof(w->buf))
		cdm_writer_flush(w);
	w->bytes += len;
	if (len > sizeof(w->buf)) {
		write_all(w, data, len);
		return;
	}
	memcpy(w->buf + w->fill, data, len);
	w->fill += len;
}

struct cdm_writer *cdm_writer_open(const char *path, const struct cdm_file_header *h, char *why)
{
	struct cdm_writer *w = calloc(1, sizeof(*w));
	struct cdm_file_header own = *h;
	int err = w ? cdm_file_open(&w->file, path, 0600, true) : -ENOMEM;

	/* One that was left there by a program that died may be open to all. */
	if (!err && w->file.part && fchmod(w->file.fd, 0600)) {
		err = -errno;
		cdm_file_discard(&w->file);
	}
	if (err) {
		cdm_error(why, err, "%s", cdm_file_error(err));
		free(w);
		return NULL;
	}
	w->encoder.put = put;
	w->encoder.ctx = w;
	/* @h may be that of an older recording, of which this is a copy. */
	own.version = CDM_FILE_VERSION;
	put(w, &own, sizeof(own));
	return w;
}

int cdm_writer_put(struct cdm_writer *w, const struct cdm_rec *rec)
{
	int err = w->err ? 0 : cdm_encoder_put(&w->encoder, rec);

	if (err)
		w->err = err;
	return w->err;
}

__u64 cdm_writer_bytes(const struct cdm_writer *w)
{
	return w->bytes;
}

int cdm_writer_close(struct cdm_writer *w, char *why)
{
	const char *path = w->file.path;
	bool kept = w->file.part;
	int err = cdm_file_close(&w->file, cdm_writer_flush(w));

	if (err)
		cdm_error(why, err, "%s%s%s%s", strerror(-err),
			kept ? "; what was written is in " : "", kept ? path : "",
			kept ? ".part" : "");
	writer_free(w);
	return err;
}

void cdm_writer_discard(struct cdm_writer *w)
{
	cdm_file_discard(&w->file);
	writer_free(w);
}

struct cdm_reader {
	int fd;
	bool truncated;
	size_t start, end;	/* of what is in @buf and was not returned yet */
	__u64 bytes;		/* that were read into @buf */
	size_t size;		/* of @buf */
	char *buf;
	struct cdm_decoder decoder;
	struct cdm_file_header header;
	struct cdm_ev_pingpong pingpong;	/* one that was shorter in the file */
	struct cdm_ev_migrate migrate;	/* the same */
};

/* Makes @n bytes available at @start; fewer at the end of the file. -errno. */
static int fill(struct cdm_reader *r, size_t n)
{
	if (r->end - r->start >= n)
		return 0;
	memmove(r->buf, r->buf + r->start, r->end - r->start);
	r->end -= r->start;
	r->start = 0;
	while (r->end < n) {
		ssize_t done = read(r->fd, r->buf + r->end, r->size - r->end);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (!done)
			return 0;
		r->end += done;
		r->bytes += done;
	}
	return 0;
}

static int read_header(struct cdm_reader *r, char *why)
{
	struct cdm_file_header *h = &r->header;
	int err = fill(r, sizeof(*h));

	if (err)
		return cdm_error_errno(why, err);
	if (r->end < sizeof(h->magic) || memcmp(r->buf, CDM_FILE_MAGIC, sizeof(h->magic)))
		return cdm_error(why, -EINVAL, "is not a recording of cdmtop or cdmtrace");
	if (r->end < sizeof(*h))
		return cdm_error(why, -EINVAL, "ends within its header, there is nothing to read");
	memcpy(h, r->buf, sizeof(*h));
	if (h->byte_order != BYTE_ORDER_MARK)
		return cdm_error(why, -EINVAL, "was recorded on a machine of the other byte order; "
			       "read it there");
	if (!h->version || h->version > CDM_FILE_VERSION)
		return cdm_error(why, -EINVAL, "has a format of another version; "
			       "a newer cdmtop may read it");
	if (h->header_len < sizeof(*h) || h->header_len > CDM_REC_MAX || h->header_len % 8 ||
	    !h->page_size || h->page_size & (h->page_size - 1) ||
	    !memchr(h->release, 0, sizeof(h->release)) || !memchr(h->host, 0, sizeof(h->host)))
		return cdm_error(why, -EINVAL, "has a damaged header");
	err = fill(r, h->header_len);
	if (err)
		return cdm_error_errno(why, err);
	if (r->end - r->start < h->header_len)
		return cdm_error(why, -EINVAL, "ends within its header, there is nothing to read");
	r->start += h->header_len;
	return 0;
}

/* Until its recorder ends a recording has another name, for ever if that was killed. */
static int cannot_open(const char *path, int err, char *why)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s.part", path);
	if (err == ENOENT && !access(part, F_OK))
		return cdm_error(why, -err, "%s; of a recorder that did not end there is %s",
				 strerror(err), part);
	return cdm_error_errno(why, -err);
}

static int open_reader(struct cdm_reader *r, const char *path, char *why)
{
	r->size = CDM_REC_MAX + BUFFER;
	r->buf = malloc(r->size);
	if (!r->buf)
		return cdm_error_errno(why, -ENOMEM);
	r->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (r->fd < 0)
		return cannot_open(path, errno, why);
	return read_header(r, why);
}

struct cdm_reader *cdm_reader_open(const char *path, char *why)
{
	struct cdm_reader *r = calloc(1, sizeof(*r));

	if (!r) {
		cdm_error_errno(why, -ENOMEM);
		return NULL;
	}
	if (!open_reader(r, path, why))
		return r;
	cdm_reader_close(r);
	return NULL;
}

const struct cdm_file_header *cdm_reader_header(const struct cdm_reader *r)
{
	return &r->header;
}

/* The length that the record at @start claims to have; 0: it cannot be. */
static size_t claimed_len(const struct cdm_reader *r)
{
	const struct cdm_rec *rec = (const void *)(r->buf + r->start);

	if (rec->len < sizeof(*rec) || rec->len > CDM_REC_MAX || rec->len % 8)
		return 0;
	return rec->len;
}

static const struct cdm_rec *longer(void *to, size_t size, const struct cdm_rec *rec)
{
	struct cdm_rec *today = to;

	memset(to, 0, size);
	memcpy(to, rec, rec->len);
	today->len = size;
	return today;
}

/* What @rec is today, if it is of an earlier version. */
static const struct cdm_rec *of_today(struct cdm_reader *r, const struct cdm_rec *rec)
{
	if (rec->kind == CDM_EV_PINGPONG && rec->len < sizeof(r->pingpong)) {
		longer(&r->pingpong, sizeof(r->pingpong), rec);
		r->pingpong.pages = 1;
		r->pingpong.bytes = r->header.page_size;
		return &r->pingpong.ev.rec;
	}
	if (rec->kind == CDM_EV_MIGRATE && rec->len < sizeof(r->migrate))
		return longer(&r->migrate, sizeof(r->migrate), rec);
	return rec;
}

/* The next record of the file. As cdm_reader_next(). */
static int next_in_file(struct cdm_reader *r, const struct cdm_rec **rec, char *why)
{
	size_t len = sizeof(**rec);
	int err = fill(r, len);

	if (!err && r->end - r->start >= len) {
		len = claimed_len(r);
		if (!len)
			return cdm_error(why, -EINVAL,
				       "is damaged: a record has an impossible length");
		err = fill(r, len);
	}
	if (err)
		return cdm_error_errno(why, err);
	if (r->end - r->start < len) {
		r->truncated = r->end != r->start;
		return 0;
	}
	*rec = (const void *)(r->buf + r->start);
	if (!cdm_rec_valid(*rec, len))
		return cdm_error(why, -EINVAL, "is damaged: a record is not what its kind says");
	*rec = of_today(r, *rec);
	r->start += len;
	return 1;
}

/* Rows that did not change or end are in the file by their number alone. */
int cdm_reader_next(struct cdm_reader *r, const struct cdm_rec **rec, char *why)
{
	int ret, err = 0;

	do {
		ret = cdm_decoder_next(&r->decoder, rec);
		if (ret)
			break;
		ret = next_in_file(r, rec, why);
		if (ret <= 0)
			return ret;
		err = cdm_decoder_take(&r->decoder, *rec);
	} while (!err && (*rec)->kind == CDM_SNAP_DELTA);

	if (err == -ENOMEM || ret == -ENOMEM)
		return cdm_error_errno(why, -ENOMEM);
	if (err || ret < 0)
		return cdm_error(why, -EINVAL,
			       "is damaged: a refresh does not go on from the one before");
	return ret;
}

__u64 cdm_reader_bytes(const struct cdm_reader *r)
{
	return r->bytes - (r->end - r->start);
}

bool cdm_reader_truncated(const struct cdm_reader *r)
{
	return r->truncated;
}

void cdm_reader_close(struct cdm_reader *r)
{
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	cdm_decoder_free(&r->decoder);
	free(r->buf);
	free(r);
}

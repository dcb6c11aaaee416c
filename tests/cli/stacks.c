// SPDX-License-Identifier: GPL-2.0
/*
 * Touches fresh pages in functions with known names, says where, and waits until it may
 * end, so that there is time to look at it: stacks PAGES TOLD RELEASE [compiled]
 *
 * As a library, with -DLIBRARY, it is one of those functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096L

void library_touch(char *p, long pages);

#ifdef LIBRARY
void library_touch(char *p, long pages)
{
	for (long i = 0; i < pages; i++)
		((volatile char *)p)[i * PAGE] = 1;
}
#else
void touch_pages(char *p, long pages);
void copy_pages(char *p, long pages);
void compiled(char *p, long pages);

static char *map(long pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || madvise(p, pages * PAGE, MADV_NOHUGEPAGE))
		exit(1);
	return p;
}

void touch_pages(char *p, long pages)
{
	for (long i = 0; i < pages; i++)
		((volatile char *)p)[i * PAGE] = 1;
}

/* In the C library, which has no frame pointers. */
void copy_pages(char *p, long pages)
{
	memset(p, 7, pages * PAGE);
	__asm__ volatile("" ::: "memory");
}

/* As a runtime does: code in memory, and its name where perf looks. */
void compiled(char *p, long pages)
{
	static const unsigned char code[] = {
		0x55, 0x48, 0x89, 0xe5,		/* push %rbp; mov %rsp,%rbp */
		0xc6, 0x07, 0x01, 0x5d, 0xc3,	/* movb $1,(%rdi); pop %rbp; ret */
	};
	char *text = map(1, PROT_READ | PROT_WRITE | PROT_EXEC), path[64];
	FILE *out;

	memcpy(text, code, sizeof(code));
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	out = fopen(path, "w");
	if (!out)
		exit(1);
	fprintf(out, "%lx %zx rt::touch;it\n", (long)text, sizeof(code));
	fclose(out);
	for (long i = 0; i < pages; i++)
		((void (*)(char *))text)(p + i * PAGE);
}

int main(int argc, char **argv)
{
	long pages = atol(argv[1]);
	char *p = map(4 * pages, PROT_READ | PROT_WRITE);
	FILE *told;

	touch_pages(p, pages);
	copy_pages(p + pages * PAGE, pages);
	library_touch(p + 2 * pages * PAGE, pages);
	if (argc > 4)
		compiled(p + 3 * pages * PAGE, pages);
	told = fopen(argv[2], "w");
	if (!told)
		return 1;
	fprintf(told, "%d %ld\n", getpid(), (long)p);
	fclose(told);
	while (access(argv[3], F_OK))
		usleep(10000);
	return 0;
}
#endif

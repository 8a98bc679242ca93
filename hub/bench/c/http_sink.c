/* http_sink: takes every POST over kept-alive HTTP/1.1 connections, answers 204, and notes when it came.
 *
 *   http_sink
 *
 * Prints "port PORT" once it listens on 127.0.0.1. Commands, one a line on standard input:
 *   wait COUNT MS    until COUNT requests came since the last report, or MS milliseconds are over; then the report
 *
 * Report: a line "post AT BYTES PATH ID" for each request in the order they came, then "end CONNECTIONS" (taken since the start). AT is the
 * instant of CLOCK_MONOTONIC in ns at which the request was whole, BYTES its size with its head, ID its webhook-id or "-".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROOM (1u << 17)        /* the longest request */
#define WORD 64                /* of a path and of an id that is kept */

struct connection {
    int fd;
    size_t size;
    char data[ROOM];
};

struct post {
    int64_t at;
    size_t bytes;
    char path[WORD], id[WORD];
};

static const char TAKEN[] = "HTTP/1.1 204 No Content\r\n\r\n";
static struct post *posts;
static size_t came, room, waiting_for;
static int64_t wait_until;
static unsigned long connections;

static void fail(const char *what) {
    fprintf(stderr, "http_sink: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void keep_word(char *kept, const char *from, const char *end) {
    size_t size = 0;
    while (size < WORD - 1 && from + size < end && from[size] != ' ' && from[size] != '\r') size++;
    memcpy(kept, from, size);
    kept[size] = 0;
}

static struct post *one_more(void) {
    if (came == room) {
        room = room ? 2 * room : 4096;
        posts = realloc(posts, room * sizeof *posts);
    }
    return &posts[came++];
}

/* Takes the request at the start of the data; its size, or 0 when it is not whole. */
static size_t take(struct connection *c) {
    char *end = memmem(c->data, c->size, "\r\n\r\n", 4), *line, *next;
    size_t length = 0;
    struct post found = {.id = "-"};
    if (!end) return 0;
    for (line = c->data; line < end; line = next) {
        next = memchr(line, '\n', end + 2 - line);
        next = next ? next + 1 : end;
        if (!strncasecmp(line, "content-length:", 15)) length = strtoul(line + 15, NULL, 10);
        else if (!strncasecmp(line, "webhook-id: ", 12)) keep_word(found.id, line + 12, next);
    }
    found.bytes = end + 4 - c->data + length;
    if (found.bytes > ROOM) fail("a request is too long");
    if (c->size < found.bytes) return 0;
    char *path = memchr(c->data, ' ', end - c->data);
    if (path) keep_word(found.path, path + 1, end);
    found.at = now_ns();
    *one_more() = found;
    if (send(c->fd, TAKEN, sizeof TAKEN - 1, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET) fail("send");
    return found.bytes;
}

static void read_one(struct connection *c) {
    ssize_t got = recv(c->fd, c->data + c->size, ROOM - c->size, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        close(c->fd);
        free(c);
        return;
    }
    c->size += got;
    for (size_t used; c->size && (used = take(c)); c->size -= used) memmove(c->data, c->data + used, c->size - used);
}

static void report(void) {
    for (size_t i = 0; i < came; i++)
        printf("post %lld %zu %s %s\n", (long long)posts[i].at, posts[i].bytes, posts[i].path, posts[i].id);
    printf("end %lu\n", connections);
    fflush(stdout);
    came = waiting_for = 0;
}

static void command(void) {
    static char line[256];
    static size_t size;
    ssize_t got = read(0, line + size, sizeof line - 1 - size);
    long ms;
    if (got <= 0) exit(0);
    size += got;
    line[size] = 0;
    if (!strchr(line, '\n')) return;
    size = 0;
    if (sscanf(line, "wait %zu %ld", &waiting_for, &ms) != 2) fail(line);
    wait_until = now_ns() + ms * 1000000LL;
}

static int listening(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (void *)&here, sizeof here) || listen(fd, 4096)) fail("listen");
    getsockname(fd, (void *)&here, &size);
    printf("port %d\n", ntohs(here.sin_port));
    fflush(stdout);
    return fd;
}

static void accept_all(int from, int poller) {
    int one = 1, fd;
    while ((fd = accept4(from, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct connection *c = malloc(sizeof *c);
        c->fd = fd;
        c->size = 0;
        connections++;
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
    }
}

int main(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    int from = listening(), poller = epoll_create1(0);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, door = {.events = EPOLLIN, .data.ptr = &from}, events[256];
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &input);
    epoll_ctl(poller, EPOLL_CTL_ADD, from, &door);
    for (;;) {
        int some = epoll_wait(poller, events, 256, waiting_for ? 20 : -1);
        for (int i = 0; i < some; i++) {
            void *what = events[i].data.ptr;
            if (!what) command();
            else if (what == &from) accept_all(from, poller);
            else read_one(what);
        }
        if (waiting_for && (came >= waiting_for || now_ns() > wait_until)) report();
    }
}

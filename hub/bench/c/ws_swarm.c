/* ws_swarm: many WebSocket clients in one thread, which note when each of them had its n-th frame of a kind.
 *
 *   ws_swarm PORT PATH CLIENTS READY MARK [HEADER...]
 *
 * Connects CLIENTS times to 127.0.0.1:PORT; each HEADER is a whole line of the upgrade. A client is ready once the start of a frame held
 * READY (with the upgrade, when READY is empty). "ready CLIENTS" is printed when all are; from then on frames whose start holds MARK count.
 *
 * Commands, one a line on standard input:
 *   wait COUNT MS    until every client had COUNT such frames since the last report, or MS milliseconds are over; then the report
 *
 * Report: a line "frame HAD SAME FIRST MEDIAN LAST TEXT" for the first frame, the second …, then "end OPEN". HAD clients had that frame,
 * SAME of them with the very bytes of TEXT; FIRST, MEDIAN and LAST are the instants of CLOCK_MONOTONIC in ns at which they had it.
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
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define START 64               /* bytes of a frame in which READY and MARK are looked for */
#define AT_ONCE 32             /* upgrades under way at the same time */
#define SCRATCH (8u << 20)     /* the longest frame, and what was read with it */
#define MOST_FRAMES 65536      /* of one report */

enum state { CONNECTING, UPGRADING, OPEN, CLOSED };

struct client {
    int fd;
    enum state state;
    int ready;
    unsigned had;              /* frames that count, since the last report */
    char *rest;                /* the beginning of a frame whose end has not come */
    size_t rest_size;
};

struct frame {                 /* the n-th frame that counts */
    char *text;
    size_t size;
    unsigned had, same;
    int64_t *at;
};

static struct client *clients;
static struct frame frames[MOST_FRAMES];
static unsigned wanted, begun, ready, open_now, complete;
static unsigned waiting_for;   /* COUNT of the command under way; 0: none */
static int64_t wait_until;
static int poller, port;
static char *scratch, *request, *ready_mark, *mark;

static void fail(const char *what) {
    fprintf(stderr, "ws_swarm: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void begin_one(void) {
    if (begun == wanted) return;
    struct client *c = &clients[begun++];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) fail("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (void *)&to, sizeof to) < 0 && errno != EINPROGRESS) fail("connect");
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e);
}

static void upgrade(struct client *c) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    if (error) fail("connect");
    if (send(c->fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request)) fail("send");
    c->state = UPGRADING;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
}

static void is_ready(struct client *c) {
    if (c->ready) return;
    c->ready = 1;
    if (++ready == wanted) {
        printf("ready %u\n", ready);
        fflush(stdout);
    }
    begin_one();
}

static void pong(struct client *c, const char *data, size_t size) {
    char out[6 + 125] = {(char)0x8a, (char)(0x80 | size)}; /* masked with zeros */
    if (size > 125) return;
    memcpy(out + 6, data, size);
    send(c->fd, out, 6 + size, MSG_NOSIGNAL);
}

static void counted(struct client *c, const char *text, size_t size, int64_t at) {
    if (c->had == MOST_FRAMES) return;
    struct frame *f = &frames[c->had++];
    if (!f->at) f->at = malloc(wanted * sizeof *f->at);
    if (!f->had) {
        f->text = malloc(size);
        f->size = size;
        memcpy(f->text, text, size);
    }
    f->same += f->size == size && !memcmp(f->text, text, size);
    f->at[f->had++] = at;
    if (waiting_for && c->had == waiting_for) complete++;
}

static void one_frame(struct client *c, int kind, const char *text, size_t size, int64_t at) {
    size_t start = size < START ? size : START;
    if (kind == 9) pong(c, text, size);
    if (kind != 1) return;
    if (!c->ready) {
        if (memmem(text, start, ready_mark, strlen(ready_mark))) is_ready(c);
    } else if (memmem(text, start, mark, strlen(mark))) {
        counted(c, text, size, at);
    }
}

/* The length of the frame at `p` with its head in *head, or 0 when its head is not whole. */
static size_t frame_size(const unsigned char *p, size_t have, size_t *head) {
    if (have < 2) return 0;
    size_t size = p[1] & 127;
    *head = size == 127 ? 10 : size == 126 ? 4 : 2;
    if (have < *head) return 0;
    if (*head > 2) {
        size = 0;
        for (size_t i = 2; i < *head; i++) size = size << 8 | p[i];
    }
    return *head + size;
}

static size_t take_upgrade(struct client *c, size_t have) {
    char *end = memmem(scratch, have, "\r\n\r\n", 4);
    if (!end) return 0;
    if (strncmp(scratch, "HTTP/1.1 101", 12)) {
        fprintf(stderr, "ws_swarm: not upgraded: %.*s\n", (int)have, scratch);
        exit(1);
    }
    c->state = OPEN;
    open_now++;
    if (!*ready_mark) is_ready(c);
    return end + 4 - scratch;
}

static void keep_rest(struct client *c, const char *rest, size_t size) {
    free(c->rest);
    c->rest = size ? malloc(size) : NULL;
    if (size) memcpy(c->rest, rest, size);
    c->rest_size = size;
}

static void closed(struct client *c) {
    if (c->state == UPGRADING) fail("closed while upgrading");
    c->state = CLOSED;
    open_now--;
    close(c->fd);
}

static void read_one(struct client *c) {
    memcpy(scratch, c->rest, c->rest_size);
    ssize_t got = recv(c->fd, scratch + c->rest_size, SCRATCH - c->rest_size, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        closed(c);
        return;
    }
    int64_t at = now_ns();
    size_t have = c->rest_size + got, used = 0, head = 0, size;
    if (c->state == UPGRADING) {
        used = take_upgrade(c, have);
        if (!used) {
            keep_rest(c, scratch, have);
            return;
        }
    }
    while ((size = frame_size((unsigned char *)scratch + used, have - used, &head)) && size <= have - used) {
        one_frame(c, scratch[used] & 15, scratch + used + head, size - head, at);
        used += size;
    }
    if (have - used == SCRATCH) fail("a frame is too long");
    if (have - used || c->rest_size) keep_rest(c, scratch + used, have - used);
}

static int by_time(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void report(void) {
    for (unsigned n = 0; n < MOST_FRAMES && frames[n].had; n++) {
        struct frame *f = &frames[n];
        qsort(f->at, f->had, sizeof *f->at, by_time);
        printf("frame %u %u %lld %lld %lld %.*s\n", f->had, f->same, (long long)f->at[0],
               (long long)f->at[f->had / 2], (long long)f->at[f->had - 1], (int)f->size, f->text);
        free(f->text);
        free(f->at);
        memset(f, 0, sizeof *f);
    }
    printf("end %u\n", open_now);
    fflush(stdout);
    for (unsigned i = 0; i < begun; i++) clients[i].had = 0;
    waiting_for = complete = 0;
}

static void command(void) {
    static char line[256];
    static size_t size;
    ssize_t got = read(0, line + size, sizeof line - 1 - size);
    if (got <= 0) exit(0);
    size += got;
    line[size] = 0;
    if (!strchr(line, '\n')) return;
    size = 0;
    long ms;
    if (sscanf(line, "wait %u %ld", &waiting_for, &ms) != 2) fail(line);
    wait_until = now_ns() + ms * 1000000LL;
    complete = 0;
    for (unsigned i = 0; i < begun; i++) complete += clients[i].had >= waiting_for;
}

static void make_request(const char *path, char **headers, int count) {
    size_t size = 512 + strlen(path);
    for (int i = 0; i < count; i++) size += strlen(headers[i]) + 2;
    request = malloc(size);
    int used = sprintf(request,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
                       path, port);
    for (int i = 0; i < count; i++) used += sprintf(request + used, "%s\r\n", headers[i]);
    strcpy(request + used, "\r\n");
}

int main(int count, char **words) {
    if (count < 6) {
        fprintf(stderr, "usage: ws_swarm PORT PATH CLIENTS READY MARK [HEADER...]\n");
        return 2;
    }
    port = atoi(words[1]);
    wanted = strtoul(words[3], NULL, 10);
    ready_mark = words[4];
    mark = words[5];
    make_request(words[2], words + 6, count - 6);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    clients = calloc(wanted, sizeof *clients);
    scratch = malloc(SCRATCH);
    poller = epoll_create1(0);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, events[512];
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &input);
    for (int i = 0; i < AT_ONCE; i++) begin_one();
    for (;;) {
        int some = epoll_wait(poller, events, 512, waiting_for ? 20 : -1);
        for (int i = 0; i < some; i++) {
            struct client *c = events[i].data.ptr;
            if (!c) command();
            else if (c->state == CONNECTING) upgrade(c);
            else if (c->state != CLOSED) read_one(c);
        }
        if (waiting_for && (complete >= wanted || now_ns() > wait_until)) report();
    }
}

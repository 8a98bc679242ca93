/* ws_blast: the least that telling many WebSocket clients can cost: one send(2) of a ready frame for each.
 *
 *   ws_blast CLIENTS
 *
 * Prints "port PORT", takes CLIENTS upgrades on 127.0.0.1:PORT, prints "ready CLIENTS". Commands on standard input:
 *   load BYTES       BYTES bytes follow the line: the text of the frame from now on; answered "loaded"
 *   blast TIMES      the frame goes to every client, TIMES times; answered "blasted BEGAN ENDED", instants of CLOCK_MONOTONIC in ns
 *
 * The answer to an upgrade is the one for the key that ws_swarm sends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_TEXT 65535

static const char UPGRADED[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static int *clients;
static unsigned wanted;
static unsigned char frame[MOST_TEXT + 4];
static size_t frame_size;

static void fail(const char *what) {
    fprintf(stderr, "ws_blast: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int listening(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (void *)&here, sizeof here) || listen(fd, 4096)) fail("listen");
    getsockname(fd, (void *)&here, &size);
    printf("port %d\n", ntohs(here.sin_port));
    fflush(stdout);
    return fd;
}

/* Takes one client and answers its upgrade; the request of a swarm comes in one piece. */
static int take(int from) {
    char request[4096];
    int one = 1, fd = accept4(from, NULL, NULL, 0);
    if (fd < 0) fail("accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (recv(fd, request, sizeof request, 0) <= 0) fail("upgrade");
    if (send(fd, UPGRADED, sizeof UPGRADED - 1, MSG_NOSIGNAL) < 0) fail("upgrade");
    return fd;
}

static void send_frame(int fd) {
    for (size_t sent = 0; sent < frame_size;) {
        ssize_t some = send(fd, frame + sent, frame_size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (some >= 0) {
            sent += some;
            continue;
        }
        if (errno != EAGAIN) fail("send");
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        poll(&room, 1, 1000);
    }
}

static void load(size_t size) {
    if (size > MOST_TEXT) fail("load");
    size_t head = size < 126 ? 2 : 4;
    frame[0] = 0x81;
    frame[1] = size < 126 ? size : 126;
    if (head == 4) {
        frame[2] = size >> 8;
        frame[3] = size & 255;
    }
    if (fread(frame + head, 1, size, stdin) != size) fail("load");
    frame_size = head + size;
    printf("loaded\n");
}

static void blast(unsigned times) {
    int64_t began = now_ns();
    while (times--)
        for (unsigned i = 0; i < wanted; i++) send_frame(clients[i]);
    printf("blasted %lld %lld\n", (long long)began, (long long)now_ns());
}

int main(int count, char **words) {
    if (count != 2) {
        fprintf(stderr, "usage: ws_blast CLIENTS\n");
        return 2;
    }
    wanted = strtoul(words[1], NULL, 10);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    clients = calloc(wanted, sizeof *clients);
    int from = listening();
    for (unsigned i = 0; i < wanted; i++) clients[i] = take(from);
    printf("ready %u\n", wanted);
    fflush(stdout);
    char line[64];
    unsigned number;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "load %u", &number) == 1) load(number);
        else if (sscanf(line, "blast %u", &number) == 1) blast(number);
        else fail(line);
        fflush(stdout);
    }
    return 0;
}

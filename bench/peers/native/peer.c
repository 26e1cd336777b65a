/* Times calls into OpenBLAS or oneDNN for the Go program in the folder above, which starts it, writes one
 * order per line and reads one line of seconds per call:
 *
 *     peer openblas|dnnl
 *     gemm NN|NT|TN m n k calls      C[m,n] = op(A)*op(B), float32
 *     gram rows cols calls           lower triangle of X'X, float32
 *     gemv rows cols calls           y = A*x, float32, A from memory
 *     factor n calls                 Cholesky factor, inverse, upper Cholesky factor of that, float64
 *     halves n calls                 Cholesky factor and its inverse, float64
 *
 * Matrices are row-major. What the library does not have is answered by a negative number.
 * Environment: PEER_CPU_TIME (if set, seconds are those of processor time), OPENBLAS_NUM_THREADS, OPENBLAS_CORETYPE, OMP_NUM_THREADS, DNNL_MAX_CPU_ISA. */
#include <cblas.h>
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dtrtri_(const char *uplo, const char *diag, const int *n, double *a, const int *lda, int *info);

/* Elements that gemv's matrices are taken from in turn: far more than a cache holds. */
static const size_t memory = 128u << 20;

static void die(const char *what) {
	fprintf(stderr, "peer: %s\n", what);
	exit(1);
}

static clockid_t clock_id = CLOCK_MONOTONIC;

static double now(void) {
	struct timespec t;
	clock_gettime(clock_id, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void *room(size_t count, size_t size) {
	void *p = aligned_alloc(64, (count * size + 63) / 64 * 64);
	if (!p) die("out of memory");
	return p;
}

static float *floats(size_t n) {
	float *x = room(n, sizeof *x);
	unsigned s = 1;
	for (size_t i = 0; i < n; i++) {
		s = s * 1664525u + 1013904223u;
		x[i] = (s >> 8) * 0x1p-23f - 1;
	}
	return x;
}

/* One order: what it needs, kept from call to call. */
struct job {
	int dnnl;
	int m, n, k;
	char ta, tb;
	float *a, *b, *c;
	size_t at;
	double *h, *u;
};

static void gemm(struct job *j) {
	int lda = j->ta == 'T' ? j->m : j->k, ldb = j->tb == 'T' ? j->k : j->n;
	if (j->dnnl) {
		if (dnnl_sgemm(j->ta, j->tb, j->m, j->n, j->k, 1, j->a, lda, j->b, ldb, 0, j->c, j->n) != dnnl_success) die("dnnl_sgemm failed");
		return;
	}
	cblas_sgemm(CblasRowMajor, j->ta == 'T' ? CblasTrans : CblasNoTrans, j->tb == 'T' ? CblasTrans : CblasNoTrans,
		j->m, j->n, j->k, 1, j->a, lda, j->b, ldb, 0, j->c, j->n);
}

static void gram(struct job *j) {
	cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, j->n, j->m, 1, j->a, j->n, 0, j->c, j->n);
}

static void gemv(struct job *j) {
	size_t size = (size_t)j->m * j->n;
	if (j->at + size > memory) j->at = 0;
	float *a = j->a + j->at;
	j->at += size;
	if (j->dnnl) {
		if (dnnl_sgemm('N', 'T', 1, j->m, j->n, 1, j->b, j->n, a, j->n, 0, j->c, j->m) != dnnl_success) die("dnnl_sgemm failed");
		return;
	}
	cblas_sgemv(CblasRowMajor, CblasNoTrans, j->m, j->n, 1, a, j->n, j->b, 1, 0, j->c, 1);
}

static void check(int info) {
	if (info) die("a factorisation failed");
}

/* LAPACK counts by columns: its lower triangle is the upper one here. The matrix is symmetric. */
static void factor(struct job *j) {
	int info;
	memcpy(j->u, j->h, sizeof *j->h * j->n * j->n);
	dpotrf_("U", &j->n, j->u, &j->n, &info), check(info);
	dpotri_("U", &j->n, j->u, &j->n, &info), check(info);
	dpotrf_("U", &j->n, j->u, &j->n, &info), check(info);
}

static void halves(struct job *j) {
	int info;
	memcpy(j->u, j->h, sizeof *j->h * j->n * j->n);
	dpotrf_("U", &j->n, j->u, &j->n, &info), check(info);
	dtrtri_("U", "N", &j->n, j->u, &j->n, &info), check(info);
}

static void spd(struct job *j) {
	size_t n = j->n;
	double *x = room(2 * n * n, sizeof *x);
	float *r = floats(2 * n * n);
	for (size_t i = 0; i < 2 * n * n; i++) x[i] = r[i];
	j->h = room(n * n, sizeof *j->h);
	j->u = room(n * n, sizeof *j->u);
	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, j->n, j->n, 2 * j->n, 1, x, j->n, x, j->n, 0, j->h, j->n);
	free(x), free(r);
}

int main(int argc, char **argv) {
	char line[200], last[200] = "", name[20], trans[20];
	struct job j = {0};
	void (*call)(struct job *) = NULL;
	int calls;
	if (argc != 2 || (strcmp(argv[1], "openblas") && strcmp(argv[1], "dnnl"))) die("want openblas or dnnl");
	int dnnl = !strcmp(argv[1], "dnnl");
	if (getenv("PEER_CPU_TIME")) clock_id = CLOCK_PROCESS_CPUTIME_ID;
	if (!dnnl) fprintf(stderr, "peer: %s, core %s\n", openblas_get_config(), openblas_get_corename());
	else fprintf(stderr, "peer: oneDNN %d.%d.%d\n", dnnl_version()->major, dnnl_version()->minor, dnnl_version()->patch);

	while (fgets(line, sizeof line, stdin)) {
		char *space = strrchr(line, ' ');
		if (!space || sscanf(space, "%d", &calls) != 1) die("an order without a number of calls");
		*space = 0;
		if (strcmp(line, last)) {
			free(j.a), free(j.b), free(j.c), free(j.h), free(j.u);
			memset(&j, 0, sizeof j);
			j.dnnl = dnnl;
			call = NULL;
			if (sscanf(line, "gemm %19s %d %d %d", trans, &j.m, &j.n, &j.k) == 4) {
				j.ta = trans[0], j.tb = trans[1];
				j.a = floats((size_t)j.m * j.k), j.b = floats((size_t)j.k * j.n), j.c = floats((size_t)j.m * j.n);
				call = gemm;
			} else if (sscanf(line, "gram %d %d", &j.m, &j.n) == 2 && !dnnl) {
				j.a = floats((size_t)j.m * j.n), j.c = floats((size_t)j.n * j.n);
				call = gram;
			} else if (sscanf(line, "gemv %d %d", &j.m, &j.n) == 2) {
				if ((size_t)j.m * j.n > memory) die("too large a matrix");
				j.a = floats(memory), j.b = floats(j.n), j.c = floats(j.m);
				call = gemv;
			} else if (sscanf(line, "%19s %d", name, &j.n) == 2 && !dnnl) {
				call = !strcmp(name, "factor") ? factor : !strcmp(name, "halves") ? halves : NULL;
				if (call) spd(&j);
			}
			strcpy(last, line);
		}
		double seconds = -1;
		if (call) {
			double start = now();
			for (int i = 0; i < calls; i++) call(&j);
			seconds = (now() - start) / calls;
		}
		printf("%.9g\n", seconds);
		fflush(stdout);
	}
	return 0;
}

/* mod_holdback.c: for tests, an output filter that keeps an answer back until it is complete, as
 * mod_security with SecResponseBodyAccess does: SetOutputFilter HOLDBACK (among the filters for
 * content) or HOLDBACK_LATE (after them, as mod_deflate). ADD_END adds an empty comment at the end.
 *
 * SPDX-License-Identifier: ISC
 */
#include "httpd.h"
#include "http_config.h"
#include "util_filter.h"

typedef struct {
    apr_bucket_brigade *kept;
} holdback_t;

static apr_status_t hold_back(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    holdback_t *self = f->ctx;
    int is_complete = 0;

    if (!self) {
        self = f->ctx = apr_pcalloc(f->r->pool, sizeof *self);
        self->kept = apr_brigade_create(f->r->pool, f->c->bucket_alloc);
    }
    while (!APR_BRIGADE_EMPTY(brigade)) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);

        APR_BUCKET_REMOVE(bucket);
        if (APR_BUCKET_IS_FLUSH(bucket)) {
            apr_bucket_destroy(bucket);
            continue;
        }
        is_complete |= APR_BUCKET_IS_EOS(bucket);
        if (apr_bucket_setaside(bucket, f->r->pool) == APR_ENOTIMPL) {
            const char *data;
            apr_size_t length;

            (void)apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);
            (void)apr_bucket_setaside(bucket, f->r->pool);
        }
        APR_BRIGADE_INSERT_TAIL(self->kept, bucket);
    }
    if (!is_complete) {
        return APR_SUCCESS;
    }
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, self->kept);
}

static apr_status_t add_end(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    apr_bucket *last = APR_BRIGADE_EMPTY(brigade) ? NULL : APR_BRIGADE_LAST(brigade);

    if (last && APR_BUCKET_IS_EOS(last)) {
        APR_BUCKET_INSERT_BEFORE(last, apr_bucket_immortal_create(":\n\n", 3, f->c->bucket_alloc));
        ap_remove_output_filter(f);
    }
    return ap_pass_brigade(f->next, brigade);
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_register_output_filter("ADD_END", add_end, NULL, AP_FTYPE_RESOURCE);
    ap_register_output_filter("HOLDBACK", hold_back, NULL, AP_FTYPE_RESOURCE);
    ap_register_output_filter("HOLDBACK_LATE", hold_back, NULL, AP_FTYPE_CONTENT_SET);
}

AP_DECLARE_MODULE(holdback) =
    {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, AP_MODULE_FLAG_NONE};

/* sse.c: the framing of Server-Sent Events.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/sse.h"

void glance_sse_put_event(glance_buffer_t *buffer, const char *name, glance_place_t id,
                          const glance_buffer_t *json)
{
    glance_buffer_puts(buffer, "id: ");
    glance_event_id_put(buffer, id);
    glance_buffer_puts(buffer, "\nevent: ");
    glance_buffer_puts(buffer, name);
    glance_buffer_puts(buffer, "\ndata: ");
    glance_buffer_put(buffer, json->data, json->length);
    glance_buffer_puts(buffer, "\n\n");
}

void glance_sse_put_retry(glance_buffer_t *buffer, apr_uint32_t milliseconds)
{
    glance_buffer_puts(buffer, "retry: ");
    glance_buffer_put_number(buffer, milliseconds);
    glance_buffer_puts(buffer, "\n\n");
}

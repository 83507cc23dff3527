-- post.lua: makes wrk POST. SPDX-License-Identifier: ISC
wrk.method = "POST"

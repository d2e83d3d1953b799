/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who pays: the memory cgroup of whoever opened a listener or a file.
 */
#ifndef MQTTK_MEMCG_H
#define MQTTK_MEMCG_H

#include <linux/memcontrol.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

/**
 * mqttk_memcg_get - the caller's memory cgroup
 *
 * Context: process.
 * Return: to be given to set_active_memcg() and, in the end, to
 *	mem_cgroup_put(); NULL without memory cgroups
 */
static inline struct mem_cgroup *mqttk_memcg_get(void)
{
	return get_mem_cgroup_from_mm(current->mm);
}

#endif /* MQTTK_MEMCG_H */

"""moto's server with what its ElastiCache lacks and the AWS provider asks for: user groups, parameter groups, the nodes of a
replication group, and deletions that end. It keeps what it is given and proves nothing of AWS itself."""

import sys

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse
from moto.server import main

USER_GROUPS: dict = {}
PARAMETER_GROUPS: dict = {}


def arn(kind: str, name: str) -> str:
    return f"arn:aws:elasticache:eu-central-1:123456789012:{kind}:{name}"


class Missing(ElastiCacheException):
    def __init__(self, code: str, name: str):
        self.code = code
        super().__init__(f"{name} not found")


def found(things: dict, name: str, code: str) -> dict:
    if name not in things:
        raise Missing(code, name)
    return things[name]


def tag(response, resource: str, tags: list) -> None:
    if tags:
        response.elasticache_backend.tagging_service.tag_resource(resource, tags)


def create_user_group(self):
    params = self._get_params()
    name = params["UserGroupId"]
    USER_GROUPS[name] = {
        "UserGroupId": name,
        "Status": "active",
        "Engine": params["Engine"],
        "UserIds": list(params.get("UserIds", [])),
        "ARN": arn("usergroup", name),
    }
    tag(self, arn("usergroup", name), params.get("Tags", []))
    return ActionResult(USER_GROUPS[name])


def describe_user_groups(self):
    name = self._get_params().get("UserGroupId")
    return ActionResult({"UserGroups": [found(USER_GROUPS, name, "UserGroupNotFound")]})


def modify_user_group(self):
    params = self._get_params()
    group = found(USER_GROUPS, params["UserGroupId"], "UserGroupNotFound")
    kept = [user for user in group["UserIds"] if user not in params.get("UserIdsToRemove", [])]
    group["UserIds"] = kept + list(params.get("UserIdsToAdd", []))
    return ActionResult(group)


def delete_user_group(self):
    name = self._get_params()["UserGroupId"]
    group = found(USER_GROUPS, name, "UserGroupNotFound")
    del USER_GROUPS[name]
    return ActionResult({**group, "Status": "deleting"})


def create_cache_parameter_group(self):
    params = self._get_params()
    name = params["CacheParameterGroupName"]
    PARAMETER_GROUPS[name] = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": params["CacheParameterGroupFamily"],
        "Description": params["Description"],
        "ARN": arn("parametergroup", name),
        "parameters": {},
    }
    tag(self, arn("parametergroup", name), params.get("Tags", []))
    return ActionResult({"CacheParameterGroup": PARAMETER_GROUPS[name]})


def modify_cache_parameter_group(self):
    params = self._get_params()
    group = found(PARAMETER_GROUPS, params["CacheParameterGroupName"], "CacheParameterGroupNotFound")
    for one in params["ParameterNameValues"]:
        group["parameters"][one["ParameterName"]] = one["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})


def describe_cache_parameter_groups(self):
    name = self._get_params().get("CacheParameterGroupName")
    return ActionResult({"CacheParameterGroups": [found(PARAMETER_GROUPS, name, "CacheParameterGroupNotFound")]})


def describe_cache_parameters(self):
    name = self._get_params()["CacheParameterGroupName"]
    set_by_users = found(PARAMETER_GROUPS, name, "CacheParameterGroupNotFound")["parameters"].items()
    return ActionResult({"Parameters": [{"ParameterName": key, "ParameterValue": value} for key, value in set_by_users]})


def delete_cache_parameter_group(self):
    found(PARAMETER_GROUPS, self._get_params()["CacheParameterGroupName"], "CacheParameterGroupNotFound")
    del PARAMETER_GROUPS[self._get_params()["CacheParameterGroupName"]]
    return EmptyResult()


def delete_cache_subnet_group(self):
    groups = self.elasticache_backend.cache_subnet_groups
    found(groups, self._get_params()["CacheSubnetGroupName"], "CacheSubnetGroupNotFoundFault")
    del groups[self._get_params()["CacheSubnetGroupName"]]
    return EmptyResult()


def describe_cache_clusters(self):
    """The nodes of replication groups, as the groups were asked for."""
    name = self._get_params().get("CacheClusterId")
    nodes = [
        node(one, member)
        for one in self.elasticache_backend.replication_groups.values()
        for member in one.member_clusters
        if name in (None, member)
    ]
    if name and not nodes:
        raise Missing("CacheClusterNotFound", name)
    return ActionResult({"CacheClusters": nodes})


def node(group, member: str) -> dict:
    return {
        "CacheClusterId": member,
        "ReplicationGroupId": group.replication_group_id,
        "CacheClusterStatus": "available",
        "CacheNodeType": group.cache_node_type,
        "Engine": group.engine,
        "EngineVersion": f"{group.engine_version}.0",
        "AutoMinorVersionUpgrade": True,
        "CacheSubnetGroupName": group.cache_subnet_group_name,
        "CacheParameterGroup": {"CacheParameterGroupName": group.cache_parameter_group_name},
        "SecurityGroups": [{"SecurityGroupId": each, "Status": "active"} for each in group.security_group_ids or []],
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
        "AtRestEncryptionEnabled": group.at_rest_encryption_enabled,
        "TransitEncryptionEnabled": group.transit_encryption_enabled,
        "TransitEncryptionMode": group.transit_encryption_mode,
        "AuthTokenEnabled": False,
    }


def list_tags(self, resource):
    """Of any resource: moto does not know the ARNs of groups."""
    return self.tagging_service.list_tags_for_resource(resource)


create_replication_group = ElastiCacheBackend.create_replication_group
delete_replication_group = ElastiCacheBackend.delete_replication_group


def create_with_all_nodes(self, **asked):
    """moto makes one node, whatever the number of cache clusters says."""
    return create_replication_group(self, **{**asked, "replicas_per_node_group": asked["num_cache_clusters"] - 1})


def delete_to_the_end(self, replication_group_id, retain_primary_cluster):
    deleted = delete_replication_group(self, replication_group_id, retain_primary_cluster)
    del self.replication_groups[replication_group_id]
    return deleted


ElastiCacheBackend.create_replication_group = create_with_all_nodes
ElastiCacheBackend.delete_replication_group = delete_to_the_end
ElastiCacheBackend.list_tags_for_resource = list_tags
for action in (
    create_user_group,
    describe_user_groups,
    modify_user_group,
    delete_user_group,
    create_cache_parameter_group,
    modify_cache_parameter_group,
    describe_cache_parameter_groups,
    describe_cache_parameters,
    delete_cache_parameter_group,
    delete_cache_subnet_group,
    describe_cache_clusters,
):
    setattr(ElastiCacheResponse, action.__name__, action)

main(["-H", "127.0.0.1", "-p", sys.argv[1]])

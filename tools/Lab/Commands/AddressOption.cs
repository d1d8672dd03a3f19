// --address: where a cluster is, for verbs that are its clients. The environment may say it instead.
using System.CommandLine;
using HotStandby.Mooncake.Client;

namespace HotStandby.Lab.Commands;

/// <summary>The option <c>--address</c>.</summary>
public static class AddressOption
{
    /// <summary>Where the addresses may stand as well.</summary>
    public const string Variable = "HOTSTANDBY_ADDRESS";

    // Stock clients have the cluster's name for discovery ports there.
    private const string ClusterVariable = "MC_STORE_CLUSTER_ID";

    // Those of the files in hocon/.
    private static readonly string[] Usual = ["127.0.0.1:50051", "127.0.0.1:50052", "127.0.0.1:50053"];

    /// <summary>What the environment says of connections.</summary>
    public static MasterConnectionSettings Settings() => Environment.GetEnvironmentVariable(ClusterVariable) is { Length: > 0 } cluster
        ? MasterConnectionSettings.Default with { Cluster = cluster } : MasterConnectionSettings.Default;

    /// <summary>A new one.</summary>
    public static Option<string[]> Create()
    {
        var option = new Option<string[]>("--address", "-a")
        {
            Description = "The nodes: etcd://a:2379;b:2379;c:2379 (their discovery ports), "
                + "or a:50051,b:50051,c:50051 (their client ports), "
                + $"or repeated for each node; or set {Variable}.",
            DefaultValueFactory = static _ => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } said ? [said] : Usual,
            HelpName = "addresses",
        };
        option.Validators.Add(static result =>
        {
            if (!MasterAddresses.TryParse(result.GetValueOrDefault<string[]>() ?? [], out _, out var problem))
                result.AddError($"{(result.Implicit ? Variable : "--address")}: {problem}");
        });
        return option;
    }
}

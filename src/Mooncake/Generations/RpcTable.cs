// Which functions exist and how they are named on the wire. One table a generation; the server dispatches by it, the client
// calls by it. Immutable after construction.
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Generations;

/// <summary>The functions of one generation of Mooncake's master protocol.</summary>
public sealed class RpcTable
{
    /// <summary>What ServiceReady answers. Clients demand exactly their own, but several generations share this one.</summary>
    public const string StoreProtocolVersion = "2.0.0";

    /// <summary>The newest generation.</summary>
    public static readonly RpcTable Newest = new(Definitions.Read(Generation.Newest, NewestGeneration.Definitions));

    /// <summary>The generation before: v0.3.12 and v0.3.12.post1.</summary>
    public static readonly RpcTable Previous = new(
        Definitions.Read(Generation.Previous, NewestGeneration.Definitions, PreviousGeneration.Changes));

    private readonly RpcFunction?[] _byRpc;
    private readonly FrozenDictionary<uint, RpcFunction> _byId;

    private RpcTable(List<RpcFunction> functions)
    {
        Functions = functions;
        _byId = Functions.ToFrozenDictionary(function => function.Id);
        _byRpc = new RpcFunction?[Enum.GetValues<Rpc>().Length];
        foreach (var function in functions)
            _byRpc[(int)function.Rpc] = function;
    }

    /// <summary>All functions, in the order of their definition.</summary>
    public IReadOnlyList<RpcFunction> Functions { get; }

    /// <summary>A function that this generation has.</summary>
    /// <exception cref="KeyNotFoundException">It has not.</exception>
    public RpcFunction this[Rpc rpc] => _byRpc[(int)rpc] ?? throw new KeyNotFoundException($"this generation has no {rpc}");

    /// <summary>The function a request names.</summary>
    /// <returns>False when no function has this id.</returns>
    public bool TryFind(uint functionId, [NotNullWhen(true)] out RpcFunction? function) => _byId.TryGetValue(functionId, out function);
}

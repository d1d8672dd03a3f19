using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Calls;

/// <summary>The arguments of a function, and what it answers.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
/// <typeparam name="TResponse">The function's result.</typeparam>
public interface IRpcRequest<TSelf, TResponse> : IWireValue<TSelf>
    where TSelf : struct, IRpcRequest<TSelf, TResponse>
    where TResponse : struct, IWireValue<TResponse>
{
    /// <summary>The function.</summary>
    static abstract Rpc Function { get; }
}

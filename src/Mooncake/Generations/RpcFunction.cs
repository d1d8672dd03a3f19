using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Generations;

/// <summary>One function of one generation.</summary>
/// <param name="Rpc">Which.</param>
/// <param name="Id">How requests name it: from the MD5 of its qualified name; the same in every generation.</param>
/// <param name="Arguments">
/// The type of a request's body: the only parameter, or a struct of all. Null for a function without parameters, whose
/// requests have no body.
/// </param>
/// <param name="Result">The type of a response's body.</param>
public sealed record RpcFunction(Rpc Rpc, uint Id, MessageType? Arguments, MessageType Result)
{
    /// <summary>What precedes the function's name when its id is computed.</summary>
    public const string NamePrefix = "mooncake::WrappedMasterService::";
}

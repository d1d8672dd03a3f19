// How a call can end without a result. The kind says what the caller may conclude about the master's state.
using HotStandby.Mooncake.Frames;

namespace HotStandby.Mooncake.Client;

/// <summary>What is known about a call that has no result.</summary>
public enum MasterRpcFailure
{
    /// <summary>It never reached the master: it had no effect and can be sent again.</summary>
    NotSent,
    /// <summary>It may have been carried out, be carried out later, or never be.</summary>
    OutcomeUnknown,
    /// <summary>The master answered that it did not carry the call out; <see cref="MasterRpcException.Error"/> says why.</summary>
    Refused,
}

/// <summary>A call that has no result. Mooncake's own error codes are results and never come this way.</summary>
public sealed class MasterRpcException : Exception
{
    /// <summary>A call that got no answer.</summary>
    /// <param name="failure"><see cref="MasterRpcFailure.NotSent"/> or <see cref="MasterRpcFailure.OutcomeUnknown"/>.</param>
    /// <param name="message">Why.</param>
    /// <param name="cause">What the transport said, if it said something.</param>
    public MasterRpcException(MasterRpcFailure failure, string message, Exception? cause = null) : base(message, cause) =>
        Failure = failure;

    /// <summary>A call that was refused.</summary>
    public MasterRpcException(RpcError error) : base($"refused by the master: {error.Code} {error.Text}") =>
        (Failure, Error) = (MasterRpcFailure.Refused, error);

    /// <summary>What is known.</summary>
    public MasterRpcFailure Failure { get; }

    /// <summary>Why the master refused, when it did.</summary>
    public RpcError? Error { get; }
}

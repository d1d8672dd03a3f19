namespace HotStandby.Mooncake.Frames;

/// <summary>
/// Errors of the RPC layer, in a response's header. Mooncake's own errors never travel here: they are part of a successful
/// result. Mooncake's clients close the connection on every code but <see cref="Extended"/>.
/// </summary>
public enum RpcErrorCode : byte
{
    /// <summary>The body is the result.</summary>
    Ok = 0,
    /// <summary>I/O failed.</summary>
    IoError = 1,
    /// <summary>There is no connection.</summary>
    NotConnected = 2,
    /// <summary>No answer in time.</summary>
    TimedOut = 3,
    /// <summary>The arguments do not decode, or are of another type.</summary>
    InvalidArguments = 4,
    /// <summary>Address in use.</summary>
    AddressInUse = 5,
    /// <summary>Bad address.</summary>
    BadAddress = 6,
    /// <summary>Opening failed.</summary>
    OpenError = 7,
    /// <summary>Listening failed.</summary>
    ListenError = 8,
    /// <summary>Cancelled.</summary>
    OperationCanceled = 9,
    /// <summary>The function threw; the text is the exception's.</summary>
    FunctionThrew = 10,
    /// <summary>No function has this id.</summary>
    FunctionNotRegistered = 11,
    /// <summary>Protocol error.</summary>
    ProtocolError = 12,
    /// <summary>A protocol version that the peer does not speak.</summary>
    UnknownProtocolVersion = 13,
    /// <summary>Longer than the receiver takes.</summary>
    MessageTooLarge = 14,
    /// <summary>The server runs already.</summary>
    ServerHasRun = 15,
    /// <summary>The result does not decode.</summary>
    InvalidResult = 16,
    /// <summary>A call number is in use.</summary>
    CallNumberConflict = 17,
    /// <summary>The body holds a code of the application (256 and up) and a text.</summary>
    Extended = 255,
}

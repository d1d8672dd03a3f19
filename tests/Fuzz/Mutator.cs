// Makes hostile input of valid input. Blind: it learns nothing of what the decoder did with it.
using System.Buffers.Binary;

namespace HotStandby.Tests.Fuzz;

/// <summary>One seed, one input.</summary>
public static class Mutator
{
    private const double LeftUnsealed = 0.2;

    /// <summary>What lengths, counts and numbers are set to.</summary>
    private static readonly ulong[] Extremes =
    [
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x00ff_ffff, 0x7fff_fff0, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0,
        0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_ffff,
    ];

    /// <summary>The input of a seed.</summary>
    public static byte[] Input(FuzzTarget target, ulong seed)
    {
        var random = new SeededRandom(seed);
        List<byte> input = [.. target.Samples[random.Below(target.Samples.Count)]];
        for (var changes = 1 + Math.Min(random.Below(6), random.Below(6)); changes > 0; changes--)
            Change(input, target, random);
        if (input.Count > target.MaximumInputBytes)
            input.RemoveRange(target.MaximumInputBytes, input.Count - target.MaximumInputBytes);
        var bytes = input.ToArray();
        if (!random.Chance(LeftUnsealed))
            target.Reseal(bytes);
        return bytes;
    }

    private static void Change(List<byte> input, FuzzTarget target, SeededRandom random)
    {
        if (input.Count == 0)
        {
            input.AddRange(target.Samples[random.Below(target.Samples.Count)]);
            return;
        }

        var at = random.Below(input.Count);
        switch (random.Below(9))
        {
            case 0:
                input[at] ^= (byte)(1 << random.Below(8));
                break;
            case 1:
                input[at] = (byte)random.Bits();
                break;
            case 2:
                input.RemoveRange(at, input.Count - at);
                break;
            case 3:
                input.RemoveRange(at, Math.Min(1 + random.Below(32), input.Count - at));
                break;
            case 4:
                Repeat(input, at, 1 + random.Below(48), 1 + random.Below(64), target.MaximumInputBytes);
                break;
            case 5:
                var other = target.Samples[random.Below(target.Samples.Count)];
                input.RemoveRange(at, input.Count - at);
                input.AddRange(other.AsSpan(Math.Min(random.Chance(0.5) ? at : random.Below(other.Length + 1), other.Length)));
                break;
            case 6:
                Insert(input, at, random);
                break;
            default:
                SetNumber(input, at, random);
                break;
        }
    }

    private static void Repeat(List<byte> input, int at, int length, int times, int most)
    {
        var block = input.GetRange(at, Math.Min(length, input.Count - at));
        for (; times > 0 && input.Count + block.Count <= most; times--)
            input.InsertRange(at, block);
    }

    private static void Insert(List<byte> input, int at, SeededRandom random)
    {
        for (var count = 1 + random.Below(16); count > 0; count--)
            input.Insert(at, (byte)random.Bits());
    }

    // An extreme, what is left behind it, a little more or less than what stands there: with 1, 2, 4 or 8 bytes.
    private static void SetNumber(List<byte> input, int at, SeededRandom random)
    {
        var width = 1 << random.Below(4);
        if (at + width > input.Count)
            return;
        Span<byte> bytes = stackalloc byte[8];
        for (var i = 0; i < width; i++)
            bytes[i] = input[at + i];
        var value = random.Below(4) switch
        {
            0 => BinaryPrimitives.ReadUInt64LittleEndian(bytes) + (ulong)random.Between(-3, 3),
            1 => (ulong)(input.Count - at - width),
            _ => Extremes[random.Below(Extremes.Length)],
        };
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        for (var i = 0; i < width; i++)
            input[at + i] = bytes[i];
    }
}
